"""Mapping webhooks: verified deliveries of partners become calls, each delivery once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec.structs import replace

from services.events.domain.duplicates import bucket_of, message_hash
from services.events.domain.errors import InvalidCall
from services.events.domain.inbound.errors import MappingFlaw, Unmappable
from services.events.domain.inbound.mapped_calls import MappedCalls, map_payload
from services.events.domain.inbound.mapping import read_mapping
from services.events.domain.json_text import checked_json_text
from services.events.domain.storable_text import replaced_in
from services.events.use_cases.accept_calls import CallLimits, accept_call
from services.events.use_cases.calls import Call
from services.events.use_cases.inbound.ports import Deliveries, InboundSource, UnmappedDeliveries
from shared.contracts.contract import Contract
from shared.contracts.ingest import IngestReceivedV1, IngestWebhookReceivedV1

_decode = msgspec.json.Decoder(Call).decode


def map_webhooks(
    facts: Sequence[Contract], deliveries: Deliveries, unmapped: UnmappedDeliveries, *, limits: CallLimits
) -> list[IngestReceivedV1]:
    """What was received, with the calls that webhooks make in the place of each; a delivery known already makes none.

    Raises Unmappable for a replay that still cannot be mapped.
    """
    webhooks = [fact for fact in facts if isinstance(fact, IngestWebhookReceivedV1)]
    sources = deliveries.sources({webhook.source_id for webhook in webhooks}) if webhooks else {}
    repeated = _repeated(webhooks, deliveries)
    received: list[IngestReceivedV1] = []
    for fact in facts:
        match fact:
            case IngestReceivedV1():
                received.append(fact)
            case IngestWebhookReceivedV1() if id(fact) not in repeated:
                mapped = _mapped(fact, sources.get(fact.source_id), unmapped, limits)
                if mapped is not None:
                    received.append(mapped)
    return received


def calls_of(
    source: InboundSource, payload: object, *, delivery_id: str, mapping: Mapping[str, Any], limits: CallLimits
) -> MappedCalls:
    """The calls that a payload makes, each complete and within the limits. Raises Unmappable."""
    mapped = map_payload(read_mapping(mapping), payload, default_currency=source.default_currency)
    longest = limits.message_id_length
    calls = tuple(_complete(call, f"{delivery_id} {index}", longest) for index, call in enumerate(mapped.calls))
    flaws = [flaw for index, call in enumerate(calls) if (flaw := _flaw_of(call, index, limits)) is not None]
    if flaws:
        raise Unmappable(flaws)
    return MappedCalls(calls, mapped.passed_over)


def _repeated(webhooks: Sequence[IngestWebhookReceivedV1], deliveries: Deliveries) -> set[int]:
    """Those that came before, by identity of the fact; the others are remembered."""
    fresh = [webhook for webhook in webhooks if not webhook.is_replay]
    places = [(bucket_of(one.received_at), message_hash(one.source_id, one.delivery_id)) for one in fresh]
    by_bucket: dict[int, set[bytes]] = {}
    for bucket, hashed in places:
        by_bucket.setdefault(bucket, set()).add(hashed)
    known = deliveries.known(by_bucket)
    repeated: set[int] = set()
    new: list[tuple[int, bytes]] = []
    for webhook, (bucket, hashed) in zip(fresh, places, strict=True):
        if hashed in known:
            repeated.add(id(webhook))
        else:
            known.add(hashed)
            new.append((bucket, hashed))
    deliveries.remember(new)
    return repeated


def _mapped(
    webhook: IngestWebhookReceivedV1, source: InboundSource | None, unmapped: UnmappedDeliveries, limits: CallLimits
) -> IngestReceivedV1 | None:
    try:
        if source is None:
            raise Unmappable([MappingFlaw("source", "the inbound source was deleted")])
        payload, flaws = _payload(webhook.body)
        mapped = calls_of(source, payload, delivery_id=webhook.delivery_id, mapping=source.mapping, limits=limits)
    except Unmappable as error:
        if webhook.is_replay:
            raise
        unmapped.add(replace(webhook, is_replay=True), str(error))
        return None
    return IngestReceivedV1(
        source_id=webhook.source_id,
        received_at=webhook.received_at,
        events=tuple(msgspec.Raw(msgspec.json.encode(call)) for call in mapped.calls),
        context={"inboundSource": source.name},
        flaws=flaws,
        traceparent=webhook.traceparent,
    )


def _payload(body: bytes) -> tuple[object, tuple[str, ...]]:
    try:
        text = checked_json_text(body, all_names=True)  # any may name somebody: the mapping says which
        return msgspec.json.decode(text), replaced_in(text)
    except (InvalidCall, msgspec.DecodeError, RecursionError, ValueError) as error:
        raise Unmappable([MappingFlaw("body", f"not JSON that can be stored: {error}")]) from error


def _complete(call: Mapping[str, Any], unique: str, longest: int) -> dict[str, Any]:
    """With the id that its repetitions share; one that is too long to be kept stands behind its hash."""
    stated = call.get("messageId")
    if stated is None or len(stated) > longest:
        stated = f"hook:{blake2b((stated or unique).encode(), digest_size=20).hexdigest()}"
    return {**call, "messageId": stated}


def _flaw_of(call: Mapping[str, Any], index: int, limits: CallLimits) -> MappingFlaw | None:
    try:
        text = msgspec.json.encode(call)
        accept_call(_decode(text), text, kind=call["type"], limits=limits)
    except (InvalidCall, msgspec.MsgspecError, OverflowError, ValueError) as error:
        return MappingFlaw("call", str(error), index)
    return None
