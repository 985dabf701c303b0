"""What the disk can do, as the scale beside figures of durable work."""

from __future__ import annotations

import os
import time
from pathlib import Path


def syncs_per_second(folder: Path, seconds: float = 0.5, *, size: int = 4096) -> float:
    """How often the disk makes `size` more bytes durable, one append after another."""
    handle = os.open(folder / "probe", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    block = os.urandom(size)
    try:
        count, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            os.write(handle, block)
            os.fdatasync(handle)
            count += 1
        return count / seconds
    finally:
        os.close(handle)
        (folder / "probe").unlink()
