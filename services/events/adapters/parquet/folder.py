"""The archive's folder: files appear whole, and a day's files are exchanged for their sum in one step.

`touchpoints/day=2026-01-31/part-<id>.parquet` is for readers; `unfinished/` is nobody's but ours. Both are on one file
system, so that a rename moves between them at once.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import time
from typing import BinaryIO
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from services.events.adapters.parquet.rows import REPEATING, SCHEMA, without
from services.events.use_cases.archive.ports import ArchiveFile, DamagedFile, ErasedSubjects

ROW_GROUP = 122_880
"""Rows that engines read at a time: sixty vectors of DuckDB's, and 10 to 50 MB on the disk."""

_AT_FDCWD = -100
_EXCHANGE = 2
_REPLACED = "replaced-"


class ArchiveFolder:
    """Files under `root`; what is replaced stays `linger_s` longer. Raises OSError when the disk fails."""

    def __init__(self, root: Path, *, linger_s: float = 60.0) -> None:
        self._days = root / "touchpoints"
        self._unfinished = root / "unfinished"
        self._linger_s = linger_s

    def prepare(self) -> None:
        """Make the folders."""
        self._days.mkdir(parents=True, exist_ok=True)
        self._unfinished.mkdir(parents=True, exist_ok=True)

    def path(self, file: ArchiveFile) -> Path:
        """Where readers find a file."""
        return self._day(file.day) / f"part-{file.id}.parquet"

    def write(self, file_id: str, table: pa.Table) -> int:
        """Store a file where no reader looks; its size in bytes."""
        with _durable(self._draft(file_id)) as draft, _writer(draft) as writer:
            in_order = table.sort_by([("occurred_at", "ascending"), ("touchpoint_id", "ascending")])
            writer.write_table(in_order, row_group_size=ROW_GROUP)
        return self._draft(file_id).stat().st_size

    def holds(self, file: ArchiveFile) -> bool:
        """Whether readers find a file; one that was published may have been deleted since."""
        return self.path(file).exists()

    def publish(self, file: ArchiveFile) -> None:
        """Let readers find a file; nothing when they can already."""
        self._day(file.day).mkdir(parents=True, exist_ok=True)
        if not self.path(file).exists():
            self._draft(file.id).rename(self.path(file))
        _sync(self._day(file.day), self._days)

    def erase(self, file: ArchiveFile, erased: ErasedSubjects) -> Iterator[int]:
        """Take rows out of a published file; tells now and then how many it has looked at."""
        if not (yield from self._is_about(file, erased)):
            return
        looked_at = 0
        with _reading(self.path(file)) as opened, _durable(self._draft(file.id)) as draft, _writer(draft) as writer:
            for number in range(opened.num_row_groups):
                group = opened.read_row_group(number)
                writer.write_table(without(group, erased.subjects, until=erased.until))
                looked_at += group.num_rows
                yield looked_at
        self._draft(file.id).replace(self.path(file))
        _sync(self._day(file.day))

    def count(self, file: ArchiveFile) -> tuple[int, int]:
        """How many rows a published file has, and bytes; none when somebody has deleted it."""
        try:
            return pq.ParquetFile(self.path(file)).metadata.num_rows, self.path(file).stat().st_size
        except FileNotFoundError:
            return 0, 0

    def merge(self, into: ArchiveFile, files: Sequence[ArchiveFile]) -> Iterator[int]:
        """Write the sum of published files, where no reader looks; tells now and then how many rows it has so far."""
        target = self._draft(into.id)
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        rows = 0
        with _durable(target / self.path(into).name) as draft, _writer(draft) as writer:
            for group in self._groups(files):
                writer.write_table(group, row_group_size=ROW_GROUP)
                rows += group.num_rows
                yield rows
        _sync(target, self._unfinished)

    def size_of_merged(self, file: ArchiveFile) -> int:
        """The bytes of what `merge` wrote."""
        return (self._draft(file.id) / self.path(file).name).stat().st_size

    def exchange(self, merged: ArchiveFile) -> None:
        """Put what `merge` wrote in the place of everything of its day, in one step; nothing when it is there."""
        if not self.path(merged).exists():
            self._day(merged.day).mkdir(parents=True, exist_ok=True)
            _exchange(self._draft(merged.id), self._day(merged.day))
            _sync(self._days, self._unfinished)
        if (replaced := self._draft(merged.id)).exists():
            replaced.rename(self._unfinished / f"{_REPLACED}{merged.id}")

    def sweep(self) -> None:
        """Delete what was replaced a while ago: whoever was listing a day when it was still does so to the end.

        What a reader then does not find any more, it can tell; what is not in a list it cannot.
        """
        for replaced in self._unfinished.glob(f"{_REPLACED}*"):
            if time() - replaced.stat().st_ctime >= self._linger_s:
                shutil.rmtree(replaced)

    def can_exchange(self) -> bool:
        """Whether this file system exchanges folders in one step."""
        one, other = (self._unfinished / f"trial-{uuid4()}" for _ in range(2))
        for each in (one, other):
            each.mkdir()
        try:
            _exchange(one, other)
        except OSError:
            return False
        finally:
            for each in (one, other):
                each.rmdir()
        return True

    def clear(self, wanted: Collection[str]) -> None:
        """Delete what an interrupted process left unfinished, but for these ids and what is replaced."""
        for left in self._unfinished.iterdir():
            if left.name not in wanted and not left.name.startswith(_REPLACED):
                shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)

    def _groups(self, files: Sequence[ArchiveFile]) -> Iterator[pa.Table]:
        """The rows of many files in groups of the size that engines like."""
        waiting: list[pa.RecordBatch] = []
        rows = 0
        for file in files:
            with _reading(self.path(file)) as opened:
                for batch in opened.iter_batches(batch_size=ROW_GROUP):
                    waiting.append(batch)
                    rows += batch.num_rows
                    if rows >= ROW_GROUP:
                        yield pa.Table.from_batches(waiting, SCHEMA)
                        waiting, rows = [], 0
        yield pa.Table.from_batches(waiting, SCHEMA)

    def _is_about(self, file: ArchiveFile, erased: ErasedSubjects) -> Generator[int, None, bool]:
        """Whether a file has any such row, which most have not; only two of its columns are read for that."""
        looked_at = 0
        with _reading(self.path(file)) as opened:
            for number in range(opened.num_row_groups):
                group = opened.read_row_group(number, columns=["subject", "received_at"])
                if without(group, erased.subjects, until=erased.until).num_rows < group.num_rows:
                    return True
                looked_at += group.num_rows
                yield looked_at
        return False

    def _day(self, day: str) -> Path:
        return self._days / f"day={day}"

    def _draft(self, file_id: str) -> Path:
        return self._unfinished / file_id


@contextmanager
def _reading(path: Path) -> Iterator[pq.ParquetFile]:
    """A published file. Raises DamagedFile where the system gave its bytes, and they are not what was written."""
    try:
        yield pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        if getattr(error, "errno", None) is not None:
            raise
        raise DamagedFile(f"{path} is damaged; put a copy in its place, or delete it: {error}") from error


def _writer(file: BinaryIO) -> pq.ParquetWriter:
    return pq.ParquetWriter(file, SCHEMA, compression="zstd", use_dictionary=REPEATING)


@contextmanager
def _durable(path: Path) -> Iterator[BinaryIO]:
    """A new file that is on the disk when the block ends."""
    with path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _sync(*folders: Path) -> None:
    for folder in folders:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _exchange(one: Path, other: Path) -> None:
    """Let two folders change names, so that nobody ever sees neither or both (renameat2(2), on macOS renamex_np(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    first, second = os.fsencode(one), os.fsencode(other)
    try:
        if sys.platform == "darwin":
            failed = libc.renamex_np(first, second, _EXCHANGE)
        else:
            failed = libc.renameat2(_AT_FDCWD, first, _AT_FDCWD, second, _EXCHANGE)
    except AttributeError as error:
        raise OSError("this system cannot exchange folders") from error
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(other))
