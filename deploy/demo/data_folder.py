"""The demo's own data folder: fresh each time, and never two demos, or a demo and another suite, in one."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.demo.failures import DemoFailed
from deploy.local.sole_use import LOCK, sole_use

_MARK = ".rapport-demo"


@contextmanager
def data_folder(path: Path) -> Iterator[Path]:
    """An empty folder at `path`, held while the block lasts.

    Raises DemoFailed when another demo holds it or it holds what no demo made, CannotStart when a suite runs on it, and
    OSError when it cannot be written.
    """
    path.mkdir(parents=True, exist_ok=True)
    mark = path / _MARK
    if not mark.exists() and any(path.iterdir()):
        raise DemoFailed(f"{path} holds other data; give --data-dir an empty folder")
    with mark.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoFailed(f"another demo uses {path}; give --data-dir another folder") from None
        with sole_use(path):
            for entry in path.iterdir():
                if entry.is_dir():
                    shutil.rmtree(entry)
                elif entry.name not in (_MARK, LOCK):
                    entry.unlink()
        yield path
