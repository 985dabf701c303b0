"""Sources and their write keys. A key is kept as its SHA-256 and shown once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, select, true, union_all, update
from sqlalchemy.orm import Session

from services.events.adapters.sql import tables
from services.events.domain.errors import SourceNotFound
from services.events.domain.owners import Owner
from services.events.use_cases.ports import Source, WriteKey
from shared.sql.upsert import insert_for


class SqlSources:
    """The sources of `owner` in the session's transaction."""

    def __init__(self, session: Session, owner: Owner) -> None:
        self._session = session
        self._mine: ColumnElement[bool] = true() if owner.id is None else tables.sources.c.owner == owner.id

    def add(self, source: Source) -> None:
        """Keep a source; one that is there already stays as it is."""
        made = insert_for(self._session, tables.sources).values(
            id=source.id,
            name=source.name,
            default_currency=source.default_currency,
            created_at=source.created_at,
            owner=source.owner,
        )
        self._session.execute(made.on_conflict_do_nothing())

    def get(self, source_id: str, *, lock: bool = False) -> Source:
        """One source, held until the transaction ends with `lock`. Raises SourceNotFound."""
        query = select(tables.sources).where(tables.sources.c.id == source_id, self._mine)
        row = self._session.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise SourceNotFound(f"no source {source_id}")
        return _source(row)

    def page(self, *, limit: int, before: str | None) -> list[Source]:
        """Sources, newest first, from behind the id `before`."""
        query = select(tables.sources).where(self._mine).order_by(tables.sources.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(tables.sources.c.id < before)
        return [_source(row) for row in self._session.execute(query)]

    def add_key(self, key: WriteKey, *, key_sha256: str) -> None:
        """Keep a write key by its digest."""
        self._session.execute(
            insert(tables.write_keys).values(
                id=key.id, source_id=key.source_id, key_sha256=key_sha256, hint=key.hint, created_at=key.created_at
            )
        )

    def live_keys(self, source_id: str) -> list[WriteKey]:
        """The write keys of a source that are not revoked, oldest first."""
        keys = tables.write_keys
        query = select(keys).where(keys.c.source_id == source_id, keys.c.revoked_at.is_(None)).order_by(keys.c.id)
        return [WriteKey(row.id, row.source_id, row.hint, row.created_at) for row in self._session.execute(query)]

    def revoke_key(self, source_id: str, key_id: str, *, at: datetime) -> bool:
        """End a live write key; False when the source has none of this id."""
        keys = tables.write_keys
        live = (keys.c.id == key_id) & (keys.c.source_id == source_id) & keys.c.revoked_at.is_(None)
        gone = update(keys).where(live).values(revoked_at=at).returning(keys.c.id)
        return self._session.scalar(gone) is not None

    def source_of_key(self, key_sha256: str) -> str | None:
        """The id of the source that a live write key belongs to."""
        keys = tables.write_keys
        return self._session.scalar(
            select(keys.c.source_id).where(keys.c.key_sha256 == key_sha256, keys.c.revoked_at.is_(None))
        )

    def default_currencies(self) -> Mapping[str, str]:
        """The default currency by source id, for the sources that have one."""
        kinds = (tables.sources.c, tables.inbound_sources.c)
        queries = [select(c.id, c.default_currency).where(c.default_currency.is_not(None)) for c in kinds]
        return {row.id: row.default_currency for row in self._session.execute(union_all(*queries))}


def _source(row: Row[Any]) -> Source:
    return Source(row.id, row.name, row.created_at, row.default_currency, row.owner)
