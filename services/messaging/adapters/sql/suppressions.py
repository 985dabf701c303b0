"""Addresses that refused marketing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.messaging.adapters.sql.tables import messages, suppressions
from shared.contracts.contract import Contract
from shared.outbox.outbox import Outbox
from shared.sql.upsert import insert_for


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
        return bool(self._session.execute(insert.on_conflict_do_nothing().returning(suppressions.c.address_hash)).all())

    def among(self, address_hashes: Collection[str]) -> frozenset[str]:
        """Those of them that refused."""
        query = select(suppressions.c.address_hash).where(suppressions.c.address_hash.in_(sorted(address_hashes)))
        return frozenset(self._session.execute(query).scalars())

    def profile_of(self, message_id: str) -> str | None:
        """Whom a message was for; None when it is no longer known."""
        query = select(messages.c.profile_id).where(messages.c.id == message_id)
        return self._session.execute(query).scalar_one_or_none()

    def tell(self, facts: Iterable[Contract]) -> None:
        """Facts that leave with the commit."""
        self._outbox.add(self._session, facts)
