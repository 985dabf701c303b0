"""One suite a data folder: two would share databases, mail and logs without knowing of each other."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.refusals import CannotStart

LOCK = ".rapport-suite"


@contextmanager
def sole_use(folder: Path) -> Iterator[int]:
    """Hold a folder that can be written while the block lasts; the lock's file, for processes that hold it on.

    The kernel lets go of it when the last of them ends, however it ends. Raises CannotStart when a suite holds it.
    """
    with (folder / LOCK).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            of = f" (process {pid})" if (pid := file.read(20).strip()) else ""
            held = f"a suite{of} runs on {folder}, or is still ending"
            raise CannotStart(f"{held}; end it, or choose another folder with RAPPORT_DATA_DIR") from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield file.fileno()
