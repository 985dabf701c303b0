"""Keeps messaging's own copies of contacts, memberships and merges in step with `profiles`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.messaging.domain.addresses import canonical_address, parse_address
from services.messaging.domain.contacts import Contact, LastPurchase, Membership, Merge
from services.messaging.domain.errors import AddressInvalid
from services.messaging.use_cases.ports import ReadCopies
from shared.contracts.contract import Contract
from shared.contracts.profile import (
    ProfileChangedV1,
    ProfilesMergedV1,
    Purchases,
    SegmentEnteredV1,
    SegmentLeftV1,
)


def follow_profiles(copies: ReadCopies, facts: Sequence[Contract]) -> None:
    """Apply a batch of facts. The order among different profiles does not matter, nor does seeing one twice."""
    for fact in facts:
        if isinstance(fact, ProfilesMergedV1):
            copies.merge(Merge(merged=fact.merged_profile_id, survivor=fact.profile_id))
    contacts: dict[str, Contact] = {}
    memberships: dict[tuple[str, str], Membership] = {}
    for fact in facts:
        if isinstance(fact, ProfileChangedV1):
            contact = contact_of(fact)
            if contact.version >= contacts.get(contact.profile_id, contact).version:
                contacts[contact.profile_id] = contact
        elif isinstance(fact, (SegmentEnteredV1, SegmentLeftV1)):
            membership = _membership_of(fact)
            place = (membership.segment_id, membership.profile_id)
            if membership.sequence >= memberships.get(place, membership).sequence:
                memberships[place] = membership
    merged = copies.survivors_of(contacts.keys() | {profile_id for _, profile_id in memberships})
    copies.replace_contacts(contact for contact in contacts.values() if contact.profile_id not in merged)
    copies.replace_memberships(each for each in memberships.values() if each.profile_id not in merged)


def contact_of(fact: ProfileChangedV1) -> Contact:
    """What messaging keeps of a profile."""
    traits = fact.traits
    emails = _emails_of(fact)
    address = _first_address(emails)
    return Contact(
        profile_id=fact.profile_id,
        version=fact.version,
        address=address,
        address_malformed=address is None and bool(emails),
        language=_first_text(traits, "language", "locale", "lang"),
        timezone=_first_text(traits, "timezone", "time_zone"),
        traits=traits,
        last_purchase=_last_purchase(fact.purchases),
    )


def _membership_of(fact: SegmentEnteredV1 | SegmentLeftV1) -> Membership:
    return Membership(
        segment_id=fact.segment_id,
        profile_id=fact.profile_id,
        sequence=fact.sequence,
        member=isinstance(fact, SegmentEnteredV1),
    )


def _emails_of(fact: ProfileChangedV1) -> Sequence[str]:
    """The one that the customer stated last, as it identifies them where it does; then the others that do.

    None at all once they took it back. One that they stated may identify nobody, or somebody else: profile gives a name
    to one, and few to each.
    """
    if fact.email_withdrawn:
        return []
    known = [identifier.value for identifier in fact.identifiers if identifier.kind == "email"]
    stated = fact.traits.get("email")
    if not isinstance(stated, str) or not stated.strip():
        return known
    wanted = _spelled(stated)
    return sorted([*known, stated], key=lambda email: _spelled(email) != wanted)


def _spelled(email: str) -> str:
    """What is the same of two spellings of one address."""
    try:
        return canonical_address(email)
    except AddressInvalid:
        return email


def _first_address(emails: Sequence[str]) -> str | None:
    for email in emails:
        try:
            return str(parse_address(email))
        except AddressInvalid:
            continue
    return None


def _first_text(traits: Mapping[str, Any], *keys: str) -> str | None:
    return next((value[:64] for key in keys if isinstance(value := traits.get(key), str) and value), None)


def _last_purchase(purchases: Purchases) -> LastPurchase | None:
    if purchases.last_order_at is None:
        return None
    return LastPurchase(
        at=purchases.last_order_at,
        order_id=purchases.last_order_id,
        amount_minor=purchases.last_order_amount_minor,
        currency=purchases.last_order_currency,
        products=tuple(purchases.last_order_products),
    )
