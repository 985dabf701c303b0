"""What the archive needs of the world."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

FileState = Literal["written", "published", "merged", "replaced"]
"""`written`: committed, not yet where readers look. `merged`: the sum of `replaced` ones, about to take their place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFile:
    """One Parquet file. `day` is the UTC day its touchpoints were received, as 2026-01-31."""

    id: str
    day: str
    rows: int
    bytes: int
    created_at: datetime
    state: FileState = "written"


@dataclass(frozen=True, slots=True)
class ErasedSubjects:
    """Whose touchpoints have to go, of those that were received at or before a moment, and for which erasure."""

    erasure: str
    subjects: frozenset[str]
    until: datetime


class LedgerLost(Exception):
    """Another process keeps the archive: what this one was about to do is not its any more."""


class DamagedFile(OSError):
    """A published file cannot be read as Parquet; the message names it."""


class ArchiveLedger(Protocol):
    """Which files make up the archive, in the caller's transaction."""

    def add(self, files: Sequence[ArchiveFile]) -> None:
        """Keep files."""
        ...

    def in_state(self, *states: FileState, day: str | None = None) -> Sequence[ArchiveFile]:
        """The files in these states, of every day or of one, the oldest day and file first."""
        ...

    def set_state(self, files: Sequence[ArchiveFile], state: FileState) -> None:
        """Give files another state."""
        ...

    def resize(self, file: ArchiveFile, *, rows: int, size: int, erased: ErasedSubjects) -> None:
        """A published file has so many rows and bytes from now on; those it had more were erased."""
        ...

    def count_erased(self, day: str, rows: int) -> None:
        """So many touchpoints of a day were erased, from a file or before they came into one."""
        ...

    def days_to_merge(self, *, before: str) -> Sequence[str]:
        """Days before this one that consist of several published files, the oldest first."""
        ...

    def drop_replaced(self, day: str) -> None:
        """Forget the files of a day that are in another one now."""
        ...


class ArchiveStore(Protocol):
    """Transactions over the ledger, of which only one process at a time gets any."""

    def transaction(self) -> AbstractContextManager[ArchiveLedger]:
        """The ledger until the block ends. Raises LedgerLost."""
        ...

    def hold(self) -> None:
        """Stay the one who keeps the archive, in the middle of long work. Raises LedgerLost."""
        ...


class Folder(Protocol):
    """The archive's files. Raises OSError when the disk does not do what it should."""

    def prepare(self) -> None:
        """Make what is missing of the folder."""
        ...

    def clear(self, wanted: Collection[str]) -> None:
        """Delete what an interrupted process left unfinished, but for these ids."""
        ...

    def can_exchange(self) -> bool:
        """Whether a day's files can be replaced by one in one step."""
        ...

    def sweep(self) -> None:
        """Delete what was replaced long enough ago that no reader is listing it still."""
        ...

    def holds(self, file: ArchiveFile) -> bool:
        """Whether readers find a file; one that was published may have been deleted since."""
        ...

    def publish(self, file: ArchiveFile) -> None:
        """Let readers find a file; nothing when they can already."""
        ...

    def merge(self, into: ArchiveFile, files: Sequence[ArchiveFile]) -> Iterator[int]:
        """Write the sum of published files, where no reader looks; tells now and then how many rows it has so far.

        Raises DamagedFile.
        """
        ...

    def size_of_merged(self, file: ArchiveFile) -> int:
        """The bytes of what `merge` wrote."""
        ...

    def exchange(self, merged: ArchiveFile) -> None:
        """Put what `merge` wrote in the place of everything of its day, in one step; nothing when it is there."""
        ...

    def erase(self, file: ArchiveFile, erased: ErasedSubjects) -> Iterator[int]:
        """Take rows out of a published file; tells now and then how many it has looked at. Raises DamagedFile."""
        ...

    def count(self, file: ArchiveFile) -> tuple[int, int]:
        """How many rows a published file has, and bytes; none when somebody has deleted it."""
        ...
