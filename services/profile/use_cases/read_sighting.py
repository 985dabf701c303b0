"""Reading a touchpoint: which of its parts are names, traits and orders.

Names are taken from the call's own ids, an identify call's e-mail and phone traits, and the external ids in any call's
context (Segment's `externalIds`, RudderStack's `externalId`). Traits are an identify call's only: those of a group are
the group's, and `context.traits` of any other call are a quotation.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.profile.domain.identifiers import (
    ANONYMOUS_ID,
    EMAIL,
    PHONE,
    USER_ID,
    Identifier,
    email,
    external,
    opaque,
)
from services.profile.domain.identity import Tie
from services.profile.domain.orders import OrderRecord, Placement, Refund
from services.profile.domain.sighting import Sighting
from services.profile.domain.traits import MAX_KEY, Observation
from shared.contracts.events import Order, OrderLine, TouchpointRecordedV1

PhoneReader = Callable[[str, str | None], str | None]
"""E.164 of a telephone number as people write it, given the ISO 3166 region it is from; None when it is none."""

_NAMED_PRODUCTS = 5


def read_sighting(touchpoint: TouchpointRecordedV1, *, read_phone: PhoneReader, now: datetime) -> Sighting | None:
    """What the touchpoint says; None when it names nobody, or when a program did it: that is no act of a customer."""
    if touchpoint.is_bot:
        return None
    claims = tuple(claimed_names(touchpoint, read_phone))
    if not claims:
        return None
    return Sighting(
        tie=Tie(claims, touchpoint.touchpoint_id, _aliases(touchpoint)),
        at=touchpoint.occurred_at,
        observations=tuple(_observations(touchpoint, now)) if touchpoint.kind == "identify" else (),
        order=_order(touchpoint, touchpoint.order) if touchpoint.order is not None else None,
        traceparent=touchpoint.traceparent,
    )


def address_names(
    traits: Mapping[str, Any], context: Mapping[str, Any], read_phone: PhoneReader
) -> Iterator[Identifier]:
    """The e-mail and telephone among the traits that are good enough to know somebody by."""
    address = email(traits.get("email"))
    if address is not None:
        yield address
    number = traits.get("phone")
    if isinstance(number, str | int) and not isinstance(number, bool):
        spelled = read_phone(str(number), _region(traits, context))
        if spelled is not None:
            yield Identifier(PHONE, spelled)


def claimed_names(touchpoint: TouchpointRecordedV1, read_phone: PhoneReader) -> Iterator[Identifier]:
    """The names that a touchpoint says its customer has."""
    ids = [opaque(USER_ID, touchpoint.user_id), opaque(ANONYMOUS_ID, touchpoint.anonymous_id)]
    if touchpoint.kind == "alias":
        # The former id may have been used as either; whichever it was, or will be, now leads here.
        ids += [opaque(USER_ID, touchpoint.previous_id), opaque(ANONYMOUS_ID, touchpoint.previous_id)]
    yield from (name for name in ids if name is not None)
    if touchpoint.kind == "identify":
        yield from address_names(touchpoint.traits, touchpoint.context, read_phone)
    yield from _external_names(touchpoint.context, read_phone)


def _aliases(touchpoint: TouchpointRecordedV1) -> frozenset[Identifier]:
    if touchpoint.kind != "alias":
        return frozenset()
    names = (opaque(USER_ID, touchpoint.user_id), opaque(USER_ID, touchpoint.previous_id))
    return frozenset(name for name in names if name is not None)


def _external_names(context: Mapping[str, Any], read_phone: PhoneReader) -> Iterator[Identifier]:
    for key in ("externalIds", "externalId"):
        entries = context.get(key)
        for entry in entries if isinstance(entries, list) else ():
            name = _external_name(entry, read_phone) if isinstance(entry, dict) else None
            if name is not None:
                yield name


def _external_name(entry: Mapping[str, Any], read_phone: PhoneReader) -> Identifier | None:
    """One entry; those of other collections than users, and encoded ones, are not comparable names."""
    kind, value = entry.get("type"), entry.get("id")
    if entry.get("collection") not in (None, "users") or entry.get("encoding") not in (None, "none"):
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if kind == EMAIL:
        return email(value)
    if kind == PHONE:
        spelled = read_phone(value, None) if isinstance(value, str) else None
        return Identifier(PHONE, spelled) if spelled is not None else None
    return external(kind, value)


def _region(traits: Mapping[str, Any], context: Mapping[str, Any]) -> str | None:
    """The ISO 3166 region a local number is from: a country trait, or else the locale's."""
    address = traits.get("address")
    countries = (
        traits.get("country_code"),
        traits.get("country"),
        address.get("country") if isinstance(address, dict) else None,
    )
    locales = (traits.get("locale"), traits.get("language"), context.get("locale"))
    territories = (
        text.replace("_", "-").rpartition("-")[2] for text in locales if isinstance(text, str) and len(text) > 3
    )
    for text in (*countries, *territories):
        if isinstance(text, str) and len(text) == 2 and text.isalpha():
            return text.upper()
    return None


def _observations(touchpoint: TouchpointRecordedV1, now: datetime) -> Iterator[Observation]:
    for key, value in touchpoint.traits.items():
        if key and len(key) <= MAX_KEY:
            yield Observation(key, value, touchpoint.source_id, touchpoint.touchpoint_id, touchpoint.occurred_at, now)


def _order(touchpoint: TouchpointRecordedV1, order: Order) -> OrderRecord:
    at = touchpoint.occurred_at
    match order.status:
        case "completed" | "updated":
            return OrderRecord(order.order_id, ordered_at=at, placement=_placement(touchpoint, order))
        case "refunded":
            refund = Refund(at, order.currency, order.amount_minor)
            return OrderRecord(order.order_id, refunds={touchpoint.touchpoint_id: refund})
        case "cancelled":
            return OrderRecord(order.order_id, cancelled_at=at, currency_hint=order.currency)


def _placement(touchpoint: TouchpointRecordedV1, order: Order) -> Placement | None:
    """What was ordered; None of an event that names no money, lest it undo one that did."""
    if order.amount_minor is None:
        return None
    return Placement(
        touchpoint.occurred_at, touchpoint.touchpoint_id, order.currency, order.amount_minor, dearest(order.lines)
    )


def dearest(lines: Sequence[OrderLine]) -> tuple[str, ...]:
    """The names of an order's products, the line that cost most first, at most five."""
    best = heapq.nlargest(_NAMED_PRODUCTS, lines, key=_cost)
    names = (line.name or line.sku or line.product_id for line in best)
    return tuple(dict.fromkeys(name for name in names if name))


def _cost(line: OrderLine) -> Decimal:
    return line.quantity * line.unit_price if line.unit_price is not None else Decimal(0)
