"""Feeding webhooks: each fact becomes a delivery for every endpoint that wants to hear of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from services.events.domain.webhooks.bodies import body_of
from services.events.domain.webhooks.endpoints import names_wanted
from services.events.use_cases.public_events import named, public_data
from services.events.use_cases.webhook_ports import Listener, Mailbox, Message
from shared.contracts.contract import Contract
from shared.contracts.events import TouchpointRecordedV1

_encode = msgspec.json.Encoder().encode
_EVERYTHING = ""


def feed_webhooks(facts: Sequence[Contract], mailbox: Mailbox) -> None:
    """Post `facts`, in order, to the listeners that want them."""
    by_name = _by_name(mailbox.listeners())
    if by_name:
        mailbox.post([message for fact in facts if (message := _message(fact, by_name))])


def _by_name(listeners: Sequence[Listener]) -> Mapping[str, list[Listener]]:
    found: dict[str, list[Listener]] = {}
    for listener in listeners:
        for name in listener.event_types or (_EVERYTHING,):
            found.setdefault(name, []).append(listener)
    return found


def _message(fact: Contract, by_name: Mapping[str, list[Listener]]) -> Message | None:
    known = named(fact)
    if known is None:
        return None
    of_one_name = fact.name if isinstance(fact, TouchpointRecordedV1) else None
    wanted = (_EVERYTHING, *names_wanted(known.name, touchpoint_name=of_one_name))
    to = {listener.endpoint_id: listener for name in wanted for listener in by_name.get(name, ())}
    if not to:
        return None
    data = public_data(fact.event_type, _encode(fact))
    body = body_of(known.name, known.happened(fact), data, href=known.href(fact))
    return Message(known.name, body, list(to.values()))
