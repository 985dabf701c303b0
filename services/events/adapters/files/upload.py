"""Taking a file in: unpacked as it comes, a piece at a time into the database, checked before it is seen."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import IO, cast

from services.events.adapters.files.parquet_table import ParquetTable
from services.events.adapters.sql.imports.files import CHUNK_BYTES, SqlImportFiles, StoredBytes
from services.events.domain.imports.errors import TooManyImports, UnusableFile
from services.events.use_cases.imports.ports import FileFormat, ImportFile
from shared.clock import Clock
from shared.sql.database import Database

MAX_FILES = 200
_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How .xlsx (and every zip archive) and .xls begin."""
_GZIP_WINDOW = 31


class FileTooLarge(Exception):
    """More than the limit came, or was packed in what came."""


class Upload:
    """One file on its way in, with at most two pieces of it in memory. Used by one thread at a time."""

    def __init__(self, database: Database, file: ImportFile, *, limit: int, clock: Clock) -> None:
        self._database = database
        self._file = file
        self._limit = limit
        self._clock = clock
        self._unpacked: _Unpacking | None = None
        self._buffer = bytearray()
        self._digest = sha256()
        self._size = 0
        self._chunks = 0
        with database.transaction() as session:
            files = SqlImportFiles(session)
            if files.count(clock()) >= MAX_FILES:
                raise TooManyImports(f"there are {MAX_FILES} files, with those on their way; delete one first")
            files.begin(file)

    def write(self, some: bytes) -> None:
        """Take what came next. Raises FileTooLarge, UnusableFile, or ImportFileNotFound after too long a silence."""
        if not some:
            return
        if self._unpacked is None:
            self._unpacked = _Unpacking(self._limit)
        for piece in self._unpacked.unpack(some):
            self._size += len(piece)
            self._buffer += piece
            while len(self._buffer) >= CHUNK_BYTES:
                self._store(CHUNK_BYTES)

    def finish(self) -> ImportFile:
        """The whole file, still to be completed. Raises UnusableFile for none, or one that cannot be read."""
        if self._unpacked is None:
            raise UnusableFile("the body is empty; send the file as it is")
        self._unpacked.check_whole()
        if self._buffer:
            self._store(len(self._buffer))
        file = replace(self._file, size=self._size, sha256=self._digest.hexdigest(), format=self._format())
        if file.format == "parquet":
            stored = StoredBytes(self._database, file.id, file.size)
            ParquetTable(cast(IO[bytes], io.BufferedReader(stored, CHUNK_BYTES)), size=file.size)
        return file

    def abandon(self) -> None:
        """Forget what came."""
        with self._database.transaction() as session:
            SqlImportFiles(session).drop(self._file.id)

    def _format(self) -> FileFormat:
        first = StoredBytes(self._database, self._file.id, self._size).read(len(_PARQUET)) or b""
        if first == _PARQUET:
            return "parquet"
        if first in _WORKBOOKS:
            raise UnusableFile("a workbook or an archive; save its sheet as CSV, or send what is in it")
        if self._file.format == "parquet":
            raise UnusableFile("not a Parquet file: it does not begin with PAR1")
        return "csv"

    def _store(self, size: int) -> None:
        chunk = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._digest.update(chunk)
        with self._database.transaction() as session:
            SqlImportFiles(session).add_chunk(self._file.id, self._chunks, chunk, now=self._clock())
        self._chunks += 1


class _Unpacking:
    """What came, unpacked if its first bytes are gzip's; never more than a piece of it in memory."""

    def __init__(self, limit: int) -> None:
        self._room = limit
        self._begun = b""
        self._is_packed: bool | None = None
        self._stream = zlib.decompressobj(_GZIP_WINDOW)

    def unpack(self, some: bytes) -> Iterator[bytes]:
        """The pieces. Raises FileTooLarge before more than the limit was given, UnusableFile for broken gzip."""
        if self._is_packed is None:
            self._begun += some
            if len(self._begun) < len(_GZIP):
                return
            some, self._is_packed = self._begun, self._begun.startswith(_GZIP)
        if self._is_packed:
            yield from self._inflated(some)
        else:
            yield self._counted(some)

    def check_whole(self) -> None:
        """Raise UnusableFile where gzip ends too early, or a single byte came."""
        if self._is_packed is None:
            raise UnusableFile("the file holds a single byte; its first row must name the columns")
        if self._is_packed and not self._stream.eof:
            raise UnusableFile("the file is gzip that ends too early")

    def _inflated(self, packed: bytes) -> Iterator[bytes]:
        try:
            while packed:
                if self._stream.eof:
                    self._stream = zlib.decompressobj(_GZIP_WINDOW)
                yield self._counted(self._stream.decompress(packed, CHUNK_BYTES))
                packed = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
        except zlib.error as error:
            raise UnusableFile(f"the file is broken gzip: {error}") from error

    def _counted(self, piece: bytes) -> bytes:
        self._room -= len(piece)
        if self._room < 0:
            raise FileTooLarge
        return piece
