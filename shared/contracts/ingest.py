"""What events keeps on `ingest`, its private first tier: calls as they were acknowledged, before they are read."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from shared.contracts.contract import Contract, Time, contract


@contract
class IngestReceivedV1(Contract, frozen=True, kw_only=True):
    """Calls of one HTTP request that share a partition, in the order of the request.

    `events` are the calls' own JSON texts, each with its `type` and `messageId`; `context` and `integrations` are
    the request's, to be merged into each, and `flaws` is what is wrong with these; `sent_at` is the request's `sentAt`
    as the client wrote it.
    """

    event_type: ClassVar[str] = "rapport.ingest.received.v1"
    topic: ClassVar[str] = "ingest"

    source_id: str
    received_at: Time
    events: tuple[msgspec.Raw, ...]
    sent_at: str | int | float | None = None
    context: dict[str, Any] = {}
    integrations: dict[str, Any] = {}
    flaws: tuple[str, ...] = ()


@contract
class IngestWebhookReceivedV1(Contract, frozen=True, kw_only=True):
    """One verified webhook of a partner, with its body as it came; which calls it makes is decided when it is read.

    `delivery_id` is the same when the partner sends it again. `is_replay` is set on what was kept as a dead letter.
    """

    event_type: ClassVar[str] = "rapport.ingest.webhook-received.v1"
    topic: ClassVar[str] = "ingest"

    source_id: str
    delivery_id: str
    received_at: Time
    body: bytes
    is_replay: bool = False

    @property
    def bus_key(self) -> str:
        return self.source_id
