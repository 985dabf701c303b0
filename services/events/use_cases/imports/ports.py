"""What imports of files need of the world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from services.events.domain.imports.calls import MadeCall
from services.events.domain.imports.mapping import FileMapping, read_file_mapping
from services.events.domain.imports.rows import BadRow, Sheet

Document = Mapping[str, Any]
FileFormat = Literal["csv", "parquet"]
JobState = Literal["queued", "running", "completed", "failed", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvForm:
    """How a CSV file is written; a BOM outweighs `encoding`, and without a delimiter the header shows it."""

    encoding: str = "utf-8"
    delimiter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportMapping:
    """A saved mapping (`document` as the API took it). Its id is the source of what is imported with it."""

    id: str
    name: str
    document: Document
    csv: CsvForm
    default_currency: str | None
    created_at: datetime
    updated_at: datetime
    version: int

    def read(self) -> FileMapping:
        """The mapping as rows are read by it."""
        return read_file_mapping(self.document, default_currency=self.default_currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFile:
    """An uploaded file; a packed CSV is kept unpacked, and `sha256` is of what is kept."""

    id: str
    name: str
    format: FileFormat
    size: int
    sha256: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an import has come. `position` counts rows in the order in which they are worked off."""

    position: int = 0
    read_bytes: int = 0
    accepted: int = 0
    failed: int = 0
    passed_over: int = 0
    known: int = 0
    touchpoints: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportJob:
    """One import: a file and the mapping as it was when the import was asked for.

    `is_resumed` where another worker had begun it.
    """

    id: str
    mapping: ImportMapping
    file: ImportFile
    state: JobState
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    reason: str | None = None
    cancel_requested: bool = False
    is_resumed: bool = False
    progress: Progress = field(default_factory=Progress)

    @property
    def received_at(self) -> datetime:
        """As of when its rows are received, however long it waits: when it was asked for."""
        return self.created_at


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows as a file gave them, and those that could not be read; `read_bytes` of the file lie before the next."""

    sheet: Sheet
    bad: Sequence[BadRow]
    read_bytes: int
    blank: int = 0


class Table(Protocol):
    """A file that was opened: its columns, and its rows from the first on."""

    @property
    def header(self) -> Sequence[str]:
        """The names of the columns."""
        ...

    @property
    def delimiter(self) -> str:
        """What stands between the columns; a comma where nothing does."""
        ...

    def batches(self) -> Iterator[Batch]:
        """All rows, some thousand at a time. Raises UnusableFile where they end too early."""
        ...


class NoRoom(Exception):
    """There is no room on disk to read a file now; later there may be some."""


class Scratch(Protocol):
    """Room on disk for what must not be held in memory: which rows were seen, and rows until their group is whole.

    All raise NoRoom when the disk has none.
    """

    def occurrences(self, digests: Sequence[bytes]) -> Sequence[int]:
        """How many rows of the same digest came before, for each in order."""
        ...

    def put(self, keys: Sequence[str], sheet: Sheet) -> None:
        """Keep rows, each under the key of its group."""
        ...

    def groups(self, rows: int) -> Iterator[Sheet]:
        """Everything that was kept, whole groups together, about so many rows at a time; always in one order."""
        ...

    def close(self) -> None:
        """Give the room back."""
        ...


@dataclass(frozen=True, slots=True)
class Done:
    """What one step of an import came to, to be stored together."""

    progress: Progress
    calls: Sequence[MadeCall]
    bad: Sequence[BadRow]


class Ledger(Protocol):
    """The state of one running import, each call a transaction of its own. All raise LostLease when another has it."""

    def known(self, source_id: str, calls: Sequence[MadeCall]) -> set[str]:
        """Which messages an import has brought before, whenever that was."""
        ...

    def advance(self, source_id: str, done: Done) -> bool:
        """Store a step and keep the lease; False when the import is to be cancelled."""
        ...

    def describe(self, table: Table) -> None:
        """Keep the names of the columns and what delimits them, for the file of errors."""
        ...

    def hold(self) -> bool:
        """Keep the lease through work that stores nothing; False when the import is to be cancelled."""
        ...

    def finish(self, state: JobState, reason: str | None = None) -> None:
        """End the import."""
        ...


class LostLease(Exception):
    """Another worker has taken the import over."""
