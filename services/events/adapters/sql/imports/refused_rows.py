"""Refused rows of files: kept to be mended, and forgotten with the customers whom they name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from services.events.adapters.sql.imports.jobs import job_from
from services.events.adapters.sql.imports.tables import import_errors, imports
from services.events.domain.imports.naming import NamesInRows
from services.events.domain.imports.rows import BadRow, RowFlaw
from services.events.use_cases.erasure.ports import ToErase
from services.events.use_cases.imports.ports import ImportJob
from shared.erased_names import ErasedNames
from shared.sql.database import Database
from shared.sql.upsert import insert_for

MAX_KEPT = 100_000
_A_PAGE = 2_000
_STORED_AT_ONCE = 500
_e = import_errors.c
_encode = msgspec.json.Encoder().encode
_read_cells = msgspec.json.Decoder(tuple[str | int | float | bool | None, ...]).decode
_read_flaws = msgspec.json.Decoder(tuple[RowFlaw, ...]).decode

ErasedIn = Callable[[Session], ErasedNames]
"""The names that were erased, in the transaction of a session."""


class RefusedRows:
    """Where one import keeps what it refuses. `header` names the columns of its file."""

    def __init__(self, job: ImportJob, header: Sequence[str], erased: ErasedIn) -> None:
        self._job = job
        self._names = NamesInRows(job.mapping.read(), header)
        self._erased = erased

    def keep(self, session: Session, bad: Sequence[BadRow]) -> None:
        """Keep some, but for those about customers who were erased since the import was asked for."""
        kept = session.scalar(select(func.count()).where(_e.import_id == self._job.id)) or 0
        living = self._erased(session).without(
            bad, names=lambda row: self._names.of(row.cells), moment=lambda _: self._job.received_at
        )
        first = sorted(living, key=lambda row: row.number)[: max(0, MAX_KEPT - kept)]
        for start in range(0, len(first), _STORED_AT_ONCE):  # of rows that may be long, and hold the same text
            session.execute(
                insert_for(session, import_errors).on_conflict_do_nothing(),
                [
                    {"import_id": self._job.id, "row": row.number, "cells": _cells(row), "flaws": _encode(row.flaws)}
                    for row in first[start : start + _STORED_AT_ONCE]
                ],
            )


def refused_rows(database: Database, import_id: str) -> Iterator[BadRow]:
    """The refused rows of an import, in the order of the file, some at a time."""
    last = 0
    while True:
        query = select(import_errors).where(_e.import_id == import_id, _e.row > last).order_by(_e.row)
        with database.reading() as session:
            rows = session.execute(query.limit(_A_PAGE)).all()
        for row in rows:
            yield BadRow(row.row, _read_cells(row.cells), _read_flaws(row.flaws))
        if len(rows) < _A_PAGE:
            return
        last = rows[-1].row


def rows_about(session: Session, who: ToErase) -> Iterator[tuple[str, list[int]]]:
    """The rows that name a customer, by the import that refused them: those of what was received before the erasure."""
    refusing = select(imports).where(imports.c.header.is_not(None), imports.c.failed > 0)
    for row in session.execute(refusing).all():
        job = job_from(row)
        if job.received_at > who.until:
            continue
        names = NamesInRows(job.mapping.read(), row.header)
        found = session.execute(select(_e.row, _e.cells).where(_e.import_id == job.id))
        numbers = [one.row for one in found if not names.of(_read_cells(one.cells)).isdisjoint(who.subjects)]
        if numbers:
            yield job.id, numbers


def drop_rows(session: Session, import_id: str, numbers: Collection[int]) -> None:
    """Forget some refused rows of an import."""
    pending = list(numbers)
    for start in range(0, len(pending), _A_PAGE):
        page = pending[start : start + _A_PAGE]
        session.execute(delete(import_errors).where(_e.import_id == import_id, _e.row.in_(page)))


def _cells(row: BadRow) -> bytes:
    return _encode([cell.encode("utf-8", "replace").decode() if isinstance(cell, str) else cell for cell in row.cells])
