"""What partners and front-ends hear: facts of the bus under short names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from services.events.domain.webhooks.bodies import body_of
from shared.contracts.contract import Contract, without_trace
from shared.contracts.events import TouchpointRecordedV1
from shared.contracts.messaging import MessageDispatchedV1, ResubscribedV1, UnsubscribedV1
from shared.contracts.profile import (
    ProfileChangedV1,
    ProfileErasedV1,
    ProfilesMergedV1,
    SegmentEnteredV1,
    SegmentLeftV1,
)
from shared.contracts.scoring import ScoreComputedV1, ScoreWithdrawnV1
from shared.contracts.webhooks import WebhookEndpointDisabledV1


@dataclass(frozen=True, slots=True)
class Named:
    """The short name of a contract, when such a fact came to be, what tells it from others of that time, and where all
    of it can be read."""

    name: str
    happened: Callable[[Any], datetime]
    key: Callable[[Any], str]
    href: Callable[[Any], str]

    def identity(self, fact: Contract) -> str:
        """What no other fact of the same time is called."""
        return f"{self.name} {self.key(fact)}"


_NAMES: Mapping[type[Contract], Named] = {
    TouchpointRecordedV1: Named(
        "touchpoint.recorded",
        lambda fact: fact.received_at,
        lambda fact: fact.touchpoint_id,
        lambda fact: f"/v1/touchpoints/{fact.touchpoint_id}",
    ),
    ProfileChangedV1: Named(
        "profile.changed",
        lambda fact: fact.changed_at,
        lambda fact: f"{fact.profile_id} {fact.version}",
        lambda fact: f"/v1/profiles/{fact.profile_id}",
    ),
    ProfilesMergedV1: Named(
        "profile.merged",
        lambda fact: fact.merged_at,
        lambda fact: f"{fact.profile_id} {fact.merged_profile_id}",
        lambda fact: f"/v1/profiles/{fact.profile_id}",
    ),
    ProfileErasedV1: Named(
        "profile.erased",
        lambda fact: fact.erased_at,
        lambda fact: fact.erasure_id,
        lambda fact: f"/v1/erasures/{fact.erasure_id}",
    ),
    SegmentEnteredV1: Named(
        "segment.entered",
        lambda fact: fact.entered_at,
        lambda fact: f"{fact.segment_id} {fact.profile_id} {fact.sequence}",
        lambda fact: f"/v1/segments/{fact.segment_id}",
    ),
    SegmentLeftV1: Named(
        "segment.left",
        lambda fact: fact.left_at,
        lambda fact: f"{fact.segment_id} {fact.profile_id} {fact.sequence}",
        lambda fact: f"/v1/segments/{fact.segment_id}",
    ),
    ScoreComputedV1: Named(
        "score.computed",
        lambda fact: fact.computed_at,
        lambda fact: f"{fact.profile_id} {fact.model} {fact.run_id} {fact.currency}",
        lambda fact: f"/v1/profiles/{fact.profile_id}/scores",
    ),
    ScoreWithdrawnV1: Named(
        "score.withdrawn",
        lambda fact: fact.withdrawn_at,
        lambda fact: f"{fact.profile_id} {fact.model} {fact.run_id}",
        lambda fact: f"/v1/profiles/{fact.profile_id}/scores",
    ),
    MessageDispatchedV1: Named(
        "message.dispatched",
        lambda fact: fact.at,
        lambda fact: f"{fact.message_id} {fact.outcome}",
        lambda fact: f"/v1/messages/{fact.message_id}",
    ),
    UnsubscribedV1: Named(
        "message.unsubscribed",
        lambda fact: fact.at,
        lambda fact: f"{fact.profile_id} {fact.channel} {fact.message_id}",
        lambda fact: f"/v1/profiles/{fact.profile_id}",
    ),
    ResubscribedV1: Named(
        "message.resubscribed",
        lambda fact: fact.at,
        lambda fact: f"{fact.profile_id} {fact.channel}",
        lambda fact: f"/v1/profiles/{fact.profile_id}",
    ),
    WebhookEndpointDisabledV1: Named(
        "webhook-endpoint.disabled",
        lambda fact: fact.disabled_at,
        lambda fact: fact.endpoint_id,
        lambda fact: f"/v1/webhook-endpoints/{fact.endpoint_id}",
    ),
}

EVENT_TYPES: Final = tuple(sorted(each.name for each in _NAMES.values()))
CONTRACT_NAMES: Final = {contract.event_type: named.name for contract, named in _NAMES.items()}
"""The short name of each contract's CloudEvents type, which means the same where types are chosen."""

_INSIDE: Final = {ProfileErasedV1.event_type: frozenset({"subjects", "traceparent"})}
"""Fields that only our own services need: who was erased is not told once more to everybody."""


def public_data(event_type: str, data: bytes) -> bytes:
    """The JSON of a fact as partners get it."""
    hidden = _INSIDE.get(event_type)
    if hidden is None:
        return without_trace(data)
    return msgspec.json.encode({name: value for name, value in msgspec.json.decode(data).items() if name not in hidden})


def named(fact: Contract) -> Named | None:
    """What partners know of this kind of fact; None for what stays inside."""
    return _NAMES.get(type(fact))


def public_body(fact: Contract, data: bytes) -> bytes:
    """What webhooks and the stream tell of a fact whose JSON is `data`. Raises KeyError for what stays inside."""
    known = _NAMES[type(fact)]
    return body_of(known.name, known.happened(fact), public_data(fact.event_type, data), href=known.href(fact))
