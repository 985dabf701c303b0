"""Uploaded files, in pieces of a megabyte in the service's database, where every API and worker reaches them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.orm import Session

from services.events.adapters.sql.imports.tables import UNFINISHED, import_chunks, import_files, imports
from services.events.domain.imports.errors import ImportFileInUse, ImportFileNotFound
from services.events.use_cases.imports.ports import ImportFile
from shared.sql.database import Database

CHUNK_BYTES = 1024 * 1024
SILENCE = timedelta(minutes=15)
"""How long the next piece of a file is waited for: who sent it may have died, or the process that took it in."""
_TOO_LONG = "the upload took too long; send the file again"
_files, _chunks = import_files.c, import_chunks.c


class SqlImportFiles:
    """Files in the session's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def begin(self, file: ImportFile) -> None:
        """Keep a file whose bytes are still to come; nobody sees it before it is whole."""
        row = {name: getattr(file, name) for name in ("id", "name", "format", "size", "created_at")}
        self._session.execute(insert(import_files).values(row | {"expires_at": file.created_at + SILENCE}))

    def add_chunk(self, file_id: str, number: int, content: bytes, *, now: datetime) -> None:
        """Keep the next piece: `CHUNK_BYTES`, the last one less. Raises ImportFileNotFound after too long a silence."""
        coming = update(import_files).where(_files.id == file_id).values(expires_at=now + SILENCE)
        if self._session.scalar(coming.returning(_files.id)) is None:
            raise ImportFileNotFound(_TOO_LONG)
        self._session.execute(insert(import_chunks).values(file_id=file_id, number=number, bytes=content))

    def complete(self, file: ImportFile) -> None:
        """Let a file be seen. Raises ImportFileNotFound if the upload took so long that it was forgotten."""
        whole = update(import_files).where(_files.id == file.id, _files.sha256.is_(None)).returning(_files.id)
        values = {"size": file.size, "sha256": file.sha256, "format": file.format, "expires_at": file.expires_at}
        if self._session.scalar(whole.values(values)) is None:
            raise ImportFileNotFound(_TOO_LONG)

    def count(self, now: datetime) -> int:
        """How many files there are, those being uploaded among them, but for uploads that broke off."""
        there = _files.sha256.is_not(None) | (_files.expires_at > now)
        return self._session.scalar(select(func.count()).select_from(import_files).where(there)) or 0

    def get(self, file_id: str) -> ImportFile:
        """One whole file. Raises ImportFileNotFound."""
        query = select(import_files).where(_files.id == file_id, _files.sha256.is_not(None))
        row = self._session.execute(query).one_or_none()
        if row is None:
            raise ImportFileNotFound(f"no import file {file_id}")
        return _file(row)

    def page(self, *, limit: int, before: str | None) -> list[ImportFile]:
        """Whole files, newest first, from behind the id `before`."""
        query = select(import_files).where(_files.sha256.is_not(None)).order_by(_files.id.desc()).limit(limit)
        if before is not None:
            query = query.where(_files.id < before)
        return [_file(row) for row in self._session.execute(query)]

    def remove(self, file_id: str) -> None:
        """Delete a file. Raises ImportFileNotFound or ImportFileInUse."""
        self.get(file_id)
        reading = select(imports.c.id).where(imports.c.file_id == file_id, imports.c.state.in_(UNFINISHED))
        if (reader := self._session.scalar(reading.limit(1))) is not None:
            raise ImportFileInUse(f"import {reader} reads the file; cancel it, or wait for its end")
        self.drop(file_id)

    def drop(self, file_id: str) -> None:
        """Delete a file, whole or not."""
        self._session.execute(delete(import_chunks).where(_chunks.file_id == file_id))
        self._session.execute(delete(import_files).where(_files.id == file_id))

    def expired(self, now: datetime) -> list[str]:
        """Files that are kept no longer, and that no import is still to read; uploads that broke off among them."""
        reading = select(imports.c.file_id).where(imports.c.state.in_(UNFINISHED))
        query = select(_files.id).where(_files.expires_at <= now, _files.id.not_in(reading))
        return list(self._session.scalars(query))


class StoredBytes(io.RawIOBase):
    """The bytes of one file as Python's files are read, a piece at a time, each in a short transaction of its own."""

    def __init__(self, database: Database, file_id: str, size: int) -> None:
        super().__init__()
        self._database = database
        self._file_id = file_id
        self._size = size
        self._place = 0
        self._held: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(0, begin + offset)
        return self._place

    def readinto(self, buffer: Any) -> int:
        number, inside = divmod(self._place, CHUNK_BYTES)
        if self._place >= self._size:
            return 0
        some = self._chunk(number)[inside : inside + len(buffer)]
        buffer[: len(some)] = some
        self._place += len(some)
        return len(some)

    def chunks(self) -> Iterator[bytes]:
        """All bytes, piece by piece."""
        for number in range(-(-self._size // CHUNK_BYTES)):
            yield self._chunk(number)

    def _chunk(self, number: int) -> bytes:
        if self._held[0] != number:
            query = select(_chunks.bytes).where(_chunks.file_id == self._file_id, _chunks.number == number)
            with self._database.reading() as session:
                found = session.scalar(query)
            if found is None:
                raise ImportFileNotFound(f"the bytes of import file {self._file_id} are gone")
            self._held = (number, bytes(found))
        return self._held[1]


def _file(row: Row[Any]) -> ImportFile:
    return ImportFile(
        id=row.id,
        name=row.name,
        format=row.format,
        size=row.size,
        sha256=row.sha256,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
