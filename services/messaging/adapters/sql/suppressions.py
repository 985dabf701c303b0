"""Addresses that get no marketing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, delete, select, tuple_
from sqlalchemy.orm import Session

from services.messaging.adapters.sql.tables import contacts, merges, messages, suppressions
from services.messaging.domain.deliveries import SkipReason
from services.messaging.domain.unsubscribing import Owner, SuppressedBy, Suppression, SuppressionFilter
from shared.batched import batched
from shared.contracts.contract import Contract
from shared.outbox.outbox import Outbox
from shared.sql.upsert import insert_for

_c = suppressions.c
_AT_ONCE = 1_000
_SAID_BY: Mapping[SuppressedBy, ColumnElement[bool]] = {
    "one-click": ~_c.bounced & _c.message_id.is_not(None),
    "operator": ~_c.bounced & _c.message_id.is_(None),
    "mail-server": _c.bounced.is_(True),
}


class SqlSuppressions:
    """Suppressions, in one session."""

    def __init__(self, session: Session, outbox: Outbox) -> None:
        self._session = session
        self._outbox = outbox

    def add(self, address_hash: str, *, message_id: str | None, at: datetime) -> bool:
        """Remember that the address refused; False when that was known."""
        return bool(self._refuse([{"address_hash": address_hash, "message_id": message_id, "created_at": at}]))

    def add_all(self, address_hashes: Collection[str], *, at: datetime) -> frozenset[str]:
        """Remember that addresses refused, by no message of ours; those that are new."""
        rows = [{"address_hash": each, "message_id": None, "created_at": at} for each in sorted(address_hashes)]
        return frozenset(chain.from_iterable(map(self._refuse, batched(rows, _AT_ONCE))))

    def add_bounced(self, address_hashes: Mapping[str, str | None], *, at: datetime) -> frozenset[str]:
        """Remember that addresses have no mailbox, each by the message that told, if one did; those that are new."""
        added: set[str] = set()
        for some in batched(sorted(address_hashes.items()), _AT_ONCE):
            rows = [
                {"address_hash": each, "message_id": told, "created_at": at, "bounced": True} for each, told in some
            ]
            insert = insert_for(self._session, suppressions).values(rows).on_conflict_do_nothing()
            added.update(self._session.execute(insert.returning(_c.address_hash)).scalars())
        return frozenset(added)

    def find(self, address_hash: str) -> Suppression | None:
        """What is known of an address that gets no marketing."""
        row = self._session.execute(select(suppressions).where(_c.address_hash == address_hash)).one_or_none()
        return _suppression_of(row) if row else None

    def page(
        self, wanted: SuppressionFilter, *, after: tuple[datetime, str] | None, limit: int
    ) -> Sequence[Suppression]:
        """The newest first, behind the one of this moment and hash."""
        place = tuple_(_c.created_at, _c.address_hash)
        query = select(suppressions).where(*_conditions(wanted))
        if after is not None:
            query = query.where(place < after)
        rows = self._session.execute(query.order_by(_c.created_at.desc(), _c.address_hash.desc()).limit(limit))
        return [_suppression_of(row) for row in rows]

    def owners(self, address_hashes: Collection[str]) -> Sequence[Owner]:
        """The customers with these addresses, as far as they are known here, by profile id."""
        columns = (contacts.c.profile_id, contacts.c.address, contacts.c.address_hash)
        found: list[Owner] = []
        for some in batched(sorted(address_hashes), _AT_ONCE):
            rows = self._session.execute(select(*columns).where(contacts.c.address_hash.in_(some)))
            found.extend(Owner(row.profile_id, row.address, row.address_hash) for row in rows)
        return sorted(found, key=lambda owner: owner.profile_id)

    def remove(self, address_hash: str) -> Suppression | None:
        """Forget what was known of an address; what that was."""
        gone = delete(suppressions).where(_c.address_hash == address_hash).returning(suppressions)
        row = self._session.execute(gone).one_or_none()
        return _suppression_of(row) if row else None

    def among(self, address_hashes: Collection[str]) -> Mapping[str, SkipReason]:
        """Those of them that get no marketing, and why."""
        query = select(_c.address_hash, _c.bounced).where(_c.address_hash.in_(sorted(address_hashes)))
        found = self._session.execute(query)
        return {digest: SkipReason.BOUNCED if bounced else SkipReason.SUPPRESSED for digest, bounced in found}

    def profile_of(self, message_id: str) -> str | None:
        """Whom a message was for; None when it is no longer known."""
        query = select(messages.c.profile_id).where(messages.c.id == message_id)
        return self._session.execute(query).scalar_one_or_none()

    def tell(self, facts: Iterable[Contract]) -> None:
        """Facts that leave with the commit."""
        self._outbox.add(self._session, facts)

    def _refuse(self, rows: Sequence[Mapping[str, Any]]) -> Sequence[str]:
        """Whether an address has a mailbox no longer matters once its owner refused: it stays so when there is one."""
        insert = insert_for(self._session, suppressions).values(list(rows))
        said = {"message_id": insert.excluded.message_id, "created_at": insert.excluded.created_at, "bounced": False}
        upsert = insert.on_conflict_do_update(index_elements=["address_hash"], set_=said, where=_c.bounced)
        return self._session.execute(upsert.returning(_c.address_hash)).scalars().all()


def _conditions(wanted: SuppressionFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.by is not None:
        yield _SAID_BY[wanted.by]
    if wanted.since is not None:
        yield _c.created_at >= wanted.since
    if wanted.until is not None:
        yield _c.created_at < wanted.until
    if wanted.profile_id is not None:
        survivor = select(merges.c.survivor_id).where(merges.c.merged_id == wanted.profile_id)
        theirs = (contacts.c.profile_id == wanted.profile_id) | contacts.c.profile_id.in_(survivor)
        yield _c.address_hash.in_(select(contacts.c.address_hash).where(theirs))


def _suppression_of(row: Any) -> Suppression:
    return Suppression(row.created_at, row.message_id, row.address_hash, row.bounced)
