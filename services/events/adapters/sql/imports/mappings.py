"""Saved import mappings."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.events.adapters.sql.imports.tables import import_mappings
from services.events.domain.imports.errors import ImportMappingNotFound, ImportMappingTaken
from services.events.use_cases.imports.ports import CsvForm, ImportMapping

_c = import_mappings.c


class SqlImportMappings:
    """Import mappings in the session's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, mapping: ImportMapping) -> None:
        """Keep a new mapping. Raises ImportMappingTaken."""
        row = {"id": mapping.id, "name": mapping.name, "created_at": mapping.created_at, **_changing(mapping)}
        try:
            with self._session.begin_nested():
                self._session.execute(insert(import_mappings).values(row))
        except IntegrityError as error:
            raise ImportMappingTaken(f"there is an import mapping named {mapping.name!r} already") from error

    def count(self) -> int:
        """How many there are."""
        return self._session.scalar(select(func.count()).select_from(import_mappings)) or 0

    def get(self, name: str, *, lock: bool = False) -> ImportMapping:
        """One mapping, held until the transaction ends with `lock`. Raises ImportMappingNotFound."""
        query = select(import_mappings).where(_c.name == name)
        row = self._session.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise ImportMappingNotFound(f"no import mapping {name!r}")
        return _mapping(row)

    def page(self, *, limit: int, after: str | None) -> list[ImportMapping]:
        """Mappings by name, from behind the name `after`."""
        query = select(import_mappings).order_by(_c.name).limit(limit)
        if after is not None:
            query = query.where(_c.name > after)
        return [_mapping(row) for row in self._session.execute(query)]

    def replace(self, mapping: ImportMapping) -> None:
        """Put a mapping in the place of its former self."""
        self._session.execute(update(import_mappings).where(_c.id == mapping.id).values(**_changing(mapping)))

    def remove(self, name: str) -> None:
        """Delete a mapping. Raises ImportMappingNotFound."""
        gone = delete(import_mappings).where(_c.name == name).returning(_c.id)
        if self._session.scalar(gone) is None:
            raise ImportMappingNotFound(f"no import mapping {name!r}")


def mapping_document(mapping: ImportMapping) -> dict[str, Any]:
    """A mapping as an import keeps it."""
    return {
        "id": mapping.id,
        "name": mapping.name,
        "created_at": mapping.created_at.isoformat(),
        **_changing(mapping),
        "updated_at": mapping.updated_at.isoformat(),
    }


def _changing(mapping: ImportMapping) -> dict[str, Any]:
    return {
        "document": mapping.document,
        "csv": {"encoding": mapping.csv.encoding, "delimiter": mapping.csv.delimiter},
        "default_currency": mapping.default_currency,
        "updated_at": mapping.updated_at,
        "version": mapping.version,
    }


def _mapping(row: Row[Any]) -> ImportMapping:
    return ImportMapping(
        id=row.id,
        name=row.name,
        document=row.document,
        csv=CsvForm(**row.csv),
        default_currency=row.default_currency,
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )
