"""Feeding webhooks: each fact becomes a delivery for every endpoint that wants to hear of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from services.events.domain.webhooks.endpoints import names_wanted
from services.events.use_cases.webhooks.ports import Listener, Mailbox, Message
from services.events.use_cases.webhooks.public_events import named, public_body
from shared.contracts.contract import Contract
from shared.contracts.events import TouchpointRecordedV1
from shared.contracts.webhooks import WebhookEndpointDisabledV1

_encode = msgspec.json.Encoder().encode
_EVERYTHING = ""


def feed_webhooks(facts: Sequence[Contract], mailbox: Mailbox) -> None:
    """Post `facts`, in order, to the listeners that want them."""
    mailbox.post(messages_of(facts, mailbox.listeners()))


def messages_of(facts: Iterable[Contract], listeners: Sequence[Listener]) -> list[Message]:
    """What `listeners` are to be told of `facts`, in order; nothing where nobody listens."""
    by_name = _by_name(listeners)
    return [message for fact in facts if (message := _message(fact, by_name))] if by_name else []


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
    if isinstance(fact, WebhookEndpointDisabledV1):  # which endpoints others have is no partner's business
        to = {endpoint_id: listener for endpoint_id, listener in to.items() if listener.owner == fact.owner}
    if not to:
        return None
    return Message(
        event_type=known.name,
        fact=known.identity(fact),
        happened=known.happened(fact),
        body=public_body(fact, _encode(fact)),
        listeners=list(to.values()),
    )
