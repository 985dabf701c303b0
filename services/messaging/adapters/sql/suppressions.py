"""Addresses that refused marketing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.messaging.adapters.sql.tables import messages, suppressions
from services.messaging.domain.unsubscribing import Suppression
from shared.batched import batched
from shared.contracts.contract import Contract
from shared.outbox.outbox import Outbox
from shared.sql.upsert import insert_for

_c = suppressions.c
_AT_ONCE = 1_000


class SqlSuppressions:
    """Suppressions, in one session."""

    def __init__(self, session: Session, outbox: Outbox) -> None:
        self._session = session
        self._outbox = outbox

    def add(self, address_hash: str, *, message_id: str | None, at: datetime) -> bool:
        """Remember the address; False when it was known."""
        insert = insert_for(self._session, suppressions).values(
            address_hash=address_hash, message_id=message_id, created_at=at
        )
        return bool(self._session.execute(insert.on_conflict_do_nothing().returning(_c.address_hash)).all())

    def add_all(self, address_hashes: Collection[str], *, at: datetime) -> int:
        """Remember addresses that no message is known of; how many were new."""
        added = 0
        for some in batched(sorted(address_hashes), _AT_ONCE):
            rows = [{"address_hash": each, "created_at": at} for each in some]
            insert = insert_for(self._session, suppressions).values(rows).on_conflict_do_nothing()
            added += len(self._session.execute(insert.returning(_c.address_hash)).all())
        return added

    def find(self, address_hash: str) -> Suppression | None:
        """What is known of an address that refused."""
        query = select(_c.created_at, _c.message_id).where(_c.address_hash == address_hash)
        row = self._session.execute(query).one_or_none()
        return Suppression(row.created_at, row.message_id) if row else None

    def remove(self, address_hash: str) -> bool:
        """Forget a refusal; False when there was none."""
        gone = delete(suppressions).where(_c.address_hash == address_hash).returning(_c.address_hash)
        return bool(self._session.execute(gone).all())

    def among(self, address_hashes: Collection[str]) -> frozenset[str]:
        """Those of them that refused."""
        query = select(_c.address_hash).where(_c.address_hash.in_(sorted(address_hashes)))
        return frozenset(self._session.execute(query).scalars())

    def profile_of(self, message_id: str) -> str | None:
        """Whom a message was for; None when it is no longer known."""
        query = select(messages.c.profile_id).where(messages.c.id == message_id)
        return self._session.execute(query).scalar_one_or_none()

    def tell(self, facts: Iterable[Contract]) -> None:
        """Facts that leave with the commit."""
        self._outbox.add(self._session, facts)
