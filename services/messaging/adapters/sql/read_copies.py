"""Contacts, memberships and merges, as profile told them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields
from typing import Any

import msgspec
from sqlalchemy import Row, bindparam, delete, select, update
from sqlalchemy.orm import Session

from services.messaging.adapters.sql.doubles import settle_doubles
from services.messaging.adapters.sql.tables import contacts, memberships, merges
from services.messaging.domain.contacts import Contact, LastPurchase, Membership, Merge
from services.messaging.domain.errors import AddressInvalid
from shared.batched import batched
from shared.outbox.outbox import Outbox
from shared.sql.upsert import insert_for

_PAGE = 500


class SqlReadCopies:
    """The read copies, in one session; `address_hash` says what stands for an address among suppressions."""

    def __init__(self, session: Session, outbox: Outbox, address_hash: Callable[[str], str]) -> None:
        self._session = session
        self._outbox = outbox
        self._address_hash = address_hash

    def survivors_of(self, profile_ids: Collection[str]) -> Mapping[str, str]:
        """Those of `profile_ids` that were merged away, with who they live on as now."""
        found: dict[str, str] = {}
        for some in batched(sorted(profile_ids), _PAGE):
            rows = self._session.execute(select(merges).where(merges.c.merged_id.in_(some)))
            found.update((row.merged_id, row.survivor_id) for row in rows)
        return found

    def replace_contacts(self, new: Iterable[Contact]) -> None:
        """Keep each contact unless a higher version is known."""
        rows = [{**_fields(contact), "address_hash": self._hash(contact.address)} for contact in new]
        if rows:
            insert = insert_for(self._session, contacts)
            kept = {column.name: insert.excluded[column.name] for column in contacts.c if not column.primary_key}
            newer = contacts.c.version < insert.excluded.version
            upsert = insert.on_conflict_do_update(index_elements=["profile_id"], set_=kept, where=newer)
            self._session.execute(upsert, rows)

    def hash_addresses(self) -> int:
        """Hash some of the addresses that an older version kept without; how many, 0 when all are."""
        unhashed = contacts.c.address.is_not(None) & contacts.c.address_hash.is_(None)
        rows = self._session.execute(select(contacts.c.profile_id, contacts.c.address).where(unhashed).limit(_PAGE))
        hashed = [{"whose": row.profile_id, "known": row.address, "digest": self._hash(row.address)} for row in rows]
        if hashed:
            same = (contacts.c.profile_id == bindparam("whose")) & (contacts.c.address == bindparam("known"))
            self._session.execute(update(contacts).where(same).values(address_hash=bindparam("digest")), hashed)
        return len(hashed)

    def replace_memberships(self, new: Iterable[Membership]) -> None:
        """Keep each membership unless a higher sequence is known."""
        rows = [_fields(each) for each in new]
        if rows:
            insert = insert_for(self._session, memberships)
            upsert = insert.on_conflict_do_update(
                index_elements=["segment_id", "profile_id"],
                set_={"sequence": insert.excluded.sequence, "member": insert.excluded.member},
                where=memberships.c.sequence < insert.excluded.sequence,
            )
            self._session.execute(upsert, rows)

    def merge(self, merge: Merge) -> None:
        """Move everything of the merged profile to its survivor; nothing when that is known already."""
        survivor = self.survivors_of([merge.survivor]).get(merge.survivor, merge.survivor)
        if survivor == merge.merged:
            return
        known = insert_for(self._session, merges).values(merged_id=merge.merged, survivor_id=survivor)
        if not self._session.execute(known.on_conflict_do_nothing().returning(merges.c.merged_id)).all():
            return
        moved = update(merges).where(merges.c.survivor_id == merge.merged).values(survivor_id=survivor)
        self._session.execute(moved)
        self._hand_over_contact(merge.merged, survivor)
        self._session.execute(delete(memberships).where(memberships.c.profile_id == merge.merged))
        settle_doubles(self._session, self._outbox, merged=merge.merged, survivor=survivor)

    def _hash(self, address: str | None) -> str | None:
        try:
            return None if address is None else self._address_hash(address)
        except AddressInvalid:
            return ""

    def _hand_over_contact(self, merged: str, survivor: str) -> None:
        """The survivor's own state replaces this as soon as it arrives; until then, theirs is better than none."""
        row = self._session.execute(delete(contacts).where(contacts.c.profile_id == merged).returning(contacts)).first()
        if row is not None:
            values = {**row._mapping, "profile_id": survivor, "version": -1}
            self._session.execute(insert_for(self._session, contacts).values(values).on_conflict_do_nothing())


def contact_from(row: Row[Any]) -> Contact:
    """A row of `contacts` as the domain knows it."""
    purchase = row.last_purchase
    return Contact(
        profile_id=row.profile_id,
        version=row.version,
        address=row.address,
        address_malformed=row.address_malformed,
        language=row.language,
        timezone=row.timezone,
        traits=row.traits,
        last_purchase=msgspec.convert(purchase, LastPurchase) if purchase is not None else None,
    )


def _fields(value: Contact | Membership) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}
