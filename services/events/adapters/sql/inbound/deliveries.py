"""What reading partners' webhooks needs of the database: their sources, and which deliveries were read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.events.adapters.sql.inbound.sources import inbound_source
from services.events.adapters.sql.tables import inbound_sources, seen_deliveries
from services.events.domain.duplicates import REMEMBERED_DAYS, buckets_near
from services.events.use_cases.inbound.ports import InboundSource
from shared.sql.upsert import insert_for


class SqlDeliveries:
    """Deliveries in the session's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def sources(self, ids: Collection[str]) -> Mapping[str, InboundSource]:
        """The sources of these ids, whoever owns them."""
        rows = self._session.execute(select(inbound_sources).where(inbound_sources.c.id.in_(ids)))
        return {row.id: inbound_source(row) for row in rows}

    def known(self, hashes_by_bucket: Mapping[int, Collection[bytes]]) -> set[bytes]:
        """Which of these deliveries were read before, looking in their bucket and its neighbours."""
        seen = seen_deliveries.c
        found: set[bytes] = set()
        for bucket, hashes in hashes_by_bucket.items():
            query = select(seen.hash).where(seen.bucket.in_(buckets_near(bucket)), seen.hash.in_(hashes))
            found.update(bytes(hashed) for hashed in self._session.scalars(query))
        return found

    def remember(self, seen: Sequence[tuple[int, bytes]]) -> None:
        """Deliveries that were read now, each with its bucket."""
        rows = [{"bucket": bucket, "hash": hashed} for bucket, hashed in seen]
        if rows:
            self._session.execute(insert_for(self._session, seen_deliveries).on_conflict_do_nothing(), rows)

    def forget(self, *, today: int) -> None:
        """Drop the buckets in which no repetition is looked for any more."""
        self._session.execute(delete(seen_deliveries).where(seen_deliveries.c.bucket < today - REMEMBERED_DAYS))
