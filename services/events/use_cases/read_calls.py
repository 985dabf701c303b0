"""From a call as it was received to a touchpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import msgspec

from services.events.domain.orders import Order, order_status, read_order
from services.events.domain.origin import channel_of, department_of
from services.events.domain.subjects import MAX_ID_LENGTH, id_text, subject_of
from services.events.domain.timing import occurred_at, parse_time
from services.events.use_cases.calls import KINDS, Call, decode_call
from services.events.use_cases.recognise_programs import is_bot
from shared.contracts import events as contracts
from shared.contracts.ingest import IngestReceivedV1
from shared.ids import new_id

MAX_NAME_LENGTH = 500

BAD_TIMESTAMP = "timestamp-unreadable"
LONG_NAME = "name-cut"


class Unreadable(Exception):
    """A call that can be no touchpoint; the message says why."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What the calls of one request have in common."""

    source_id: str
    received_at: datetime
    sent: datetime | None
    context: dict[str, Any]
    default_currency: str | None
    traceparent: str | None
    flaws: tuple[str, ...] = ()

    @classmethod
    def of(cls, received: IngestReceivedV1, default_currency: str | None) -> Shared:
        """The common part of what was received."""
        return cls(
            received.source_id,
            received.received_at,
            parse_time(received.sent_at),
            received.context,
            default_currency,
            received.traceparent,
            received.flaws,
        )


def read_call(text: msgspec.Raw | bytes, shared: Shared) -> contracts.TouchpointRecordedV1:
    """The touchpoint that a call tells of, under a new id. Raises Unreadable."""
    try:
        call, unfit = decode_call(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise Unreadable(f"no call: {error}") from error
    user_id, anonymous_id, message_id = id_text(call.user_id), id_text(call.anonymous_id), id_text(call.message_id)
    subject = subject_of(user_id, anonymous_id)
    if call.type not in KINDS or subject is None or message_id is None:
        raise Unreadable("a call without a known type, a messageId, and a userId or anonymousId")
    if len(subject) > MAX_ID_LENGTH + len("anonymous_id:"):
        raise Unreadable("an identifier is too long")
    context = shared.context | call.context if shared.context and call.context else call.context or shared.context
    channel = channel_of(stated=call.channel, kind=call.type, context=context)
    happened, flaws = _happened(call, shared)
    name, properties = _name(call), call.properties or {}
    if name is not None and len(name) > MAX_NAME_LENGTH:
        name, flaws = name[:MAX_NAME_LENGTH], (*flaws, LONG_NAME)
    order, order_flaws = _order(call, properties, fallback_id=message_id, default_currency=shared.default_currency)
    return contracts.TouchpointRecordedV1(
        touchpoint_id=new_id(),
        message_id=message_id,
        source_id=shared.source_id,
        kind=cast(contracts.Kind, call.type),
        subject=subject,
        occurred_at=happened,
        received_at=shared.received_at,
        name=name,
        user_id=user_id,
        anonymous_id=anonymous_id,
        previous_id=id_text(call.previous_id) if call.type == "alias" else None,
        group_id=id_text(call.group_id),
        channel=channel,
        department=department_of(context),
        is_bot=is_bot(context, channel=channel),
        traits=_traits(call, context),
        properties=properties,
        context=context,
        order=order,
        flaws=_together(shared.flaws, (*unfit, *flaws, *order_flaws)),
        traceparent=shared.traceparent,
    )


def _together(shared: tuple[str, ...], own: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*shared, *own))) if shared else own


def _happened(call: Call, shared: Shared) -> tuple[datetime, tuple[str, ...]]:
    stated = call.original_timestamp if call.original_timestamp is not None else call.timestamp
    original = parse_time(stated)
    sent = shared.sent if call.sent_at is None else parse_time(call.sent_at)
    happened, flaws = occurred_at(original=original, sent=sent, received=shared.received_at)
    unreadable = stated is not None and stated != "" and original is None
    return happened, (*flaws, BAD_TIMESTAMP) if unreadable else flaws


def _name(call: Call) -> str | None:
    if call.type == "track":
        return id_text(call.event)
    if call.type not in ("page", "screen"):
        return None
    named = (call.properties or {}).get("name")
    return id_text(call.name) or (named if isinstance(named, str) and named else None)


def _traits(call: Call, context: Mapping[str, Any]) -> dict[str, Any]:
    """Traits change a profile only in identify and group calls; RudderStack's identify has them in the context."""
    if call.type == "group":
        return call.traits or {}
    if call.type != "identify":
        return {}
    contextual = context.get("traits")
    return contextual | (call.traits or {}) if isinstance(contextual, dict) else call.traits or {}


def _order(
    call: Call, properties: Mapping[str, Any], *, fallback_id: str, default_currency: str | None
) -> tuple[contracts.Order | None, tuple[str, ...]]:
    status = order_status(id_text(call.event)) if call.type == "track" else None
    if status is None:
        return None, ()
    order, flaws = read_order(status, properties, fallback_id=fallback_id, default_currency=default_currency)
    return _told(order) if order else None, flaws


def _told(order: Order) -> contracts.Order:
    line = contracts.OrderLine
    return contracts.Order(
        order_id=order.order_id,
        status=order.status,
        currency=order.currency,
        amount_minor=order.amount_minor,
        lines=tuple(
            line(product_id=product_id, sku=sku, name=name, category=category, quantity=quantity, unit_price=price)
            for product_id, sku, name, category, quantity, price in order.lines
        ),
        coupon=order.coupon,
    )
