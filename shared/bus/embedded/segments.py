"""The bytes of a topic, in files that are only ever appended to.

Each writer has a segment of its own, so that nobody needs to agree on where the end is. What a crash leaves behind the
last append that was noted down is never read. A writer holds a lock on its segment for as long as it may append.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from shared.bus.embedded.sqlite import sync_directory

_FULL_BYTES = 256 * 1024 * 1024
_OLD_AFTER_S = 24 * 3600.0  # a segment goes as a whole, so its bytes stay for as much longer than they are kept
_MOST_OPEN = 8
_MOST_BUFFERS = 512  # of one system call; IOV_MAX is 1024 on Linux
_CLOCKS_DIFFER_S = 1.0
_PATTERN = "*.segment"


class SegmentWriter:
    """Appends to the newest segment of this writer. Raises OSError."""

    def __init__(self, directory: Path, *, old_after_s: float = _OLD_AFTER_S) -> None:
        self._directory = directory
        self._old_after_s = old_after_s
        self._file = -1
        self._number = 0
        self._end = 0
        self._old_at = 0.0

    def append(self, bodies: Sequence[bytes]) -> tuple[int, int]:
        """Make `bodies` durable, one behind the other; the segment's number and where in it the first begins."""
        if self._file < 0 or self._end >= _FULL_BYTES or time.monotonic() >= self._old_at:
            self._begin()
        start = self._end
        for first in range(0, len(bodies), _MOST_BUFFERS):
            self._write(bodies[first : first + _MOST_BUFFERS])
        os.fdatasync(self._file)
        return self._number, start

    def close(self) -> None:
        """Let go of the segment; the next append begins another."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, bodies: Sequence[bytes]) -> None:
        size = sum(map(len, bodies))
        written = os.pwritev(self._file, bodies, self._end)
        if written < size:
            rest = memoryview(b"".join(bodies))
            while written < size:
                written += os.pwrite(self._file, rest[written:], self._end + written)
        self._end += size

    def _begin(self) -> None:
        self.close()
        self._directory.mkdir(exist_ok=True)
        number = time.time_ns() // 1000
        while True:
            with suppress(FileExistsError):
                flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
                self._file = os.open(_path(self._directory, number), flags, 0o644)
                break
            number += 1
        fcntl.flock(self._file, fcntl.LOCK_SH)
        for directory in (self._directory, self._directory.parent):
            sync_directory(directory)
        self._number, self._end = number, 0
        self._old_at = time.monotonic() + self._old_after_s


class SegmentReader:
    """Reads from segments, of which it keeps a few open. Raises OSError, also for one that is no longer there."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: dict[int, int] = {}

    def read(self, number: int, start: int, size: int) -> bytes:
        """The bytes from `start` on."""
        body = os.pread(self._opened(number), size, start)
        if len(body) != size:
            raise OSError(f"{_path(self._directory, number)} ends within a batch")
        return body

    def close(self) -> None:
        """Let go of all files."""
        for file in self._files.values():
            os.close(file)
        self._files.clear()

    def _opened(self, number: int) -> int:
        file = self._files.get(number)
        if file is None:
            if len(self._files) >= _MOST_OPEN:
                os.close(self._files.pop(next(iter(self._files))))
            file = os.open(_path(self._directory, number), os.O_RDONLY | os.O_CLOEXEC)
            self._files[number] = file
        return file


def delete_segments(directory: Path, *, before: datetime) -> None:
    """Delete the segments that nothing was appended to since `before`, but for those that a writer holds."""
    latest = before.timestamp() - _CLOCKS_DIFFER_S
    for path in directory.glob(_PATTERN):
        with suppress(FileNotFoundError, BlockingIOError):
            if path.stat().st_mtime < latest:
                _delete_unless_held(path)


def _delete_unless_held(path: Path) -> None:
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()


def _path(directory: Path, number: int) -> Path:
    return directory / f"{number}.segment"
