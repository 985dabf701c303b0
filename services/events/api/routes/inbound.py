"""/v1/inbound/{source_id}: where partners send their webhooks."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from services.events.adapters.bus.ingest_log import webhook_event
from services.events.adapters.sql.inbound.sources import SqlInboundSources
from services.events.api.dependencies import Wired
from services.events.api.ingest.body import read_bytes
from services.events.api.ingest.gateway import Ingestion
from services.events.api.schemas.inbound import InboundSourceId, Taken
from services.events.domain.inbound.signatures import verify
from services.events.domain.owners import EVERYBODY
from services.events.use_cases.inbound.ports import InboundSource
from shared.bus.ports import RecordTooLarge
from shared.contracts.ingest import IngestWebhookReceivedV1
from shared.http.problems import PROBLEM_RESPONSES, Problem
from shared.sql.database import Database
from shared.telemetry.trace import current_traceparent

router = APIRouter(prefix="/v1/inbound", tags=["Inbound webhooks"])
_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: PROBLEM_RESPONSES[status] for status in (400, 401, 404, 413, 422, 429, 500, 503)
}
_SIGNED = {
    "description": "byte for byte as it was signed, under any Content-Type",
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}


@router.post(
    "/{source_id}", name="receive_inbound_webhook", responses=_REFUSALS, openapi_extra={"requestBody": _SIGNED}
)
async def receive(source_id: InboundSourceId, request: Request, wired: Wired) -> Taken:
    """Receive a partner's webhook, signed as its source requires. 200 once it is durable, also for a repeated one.

    A payload that cannot be mapped is answered 200 too: it is kept as a dead letter until the mapping is corrected.
    """
    within: Ingestion = request.app.state.ingestion
    source, secrets = await run_in_threadpool(_known, wired.database, source_id)
    declared = request.headers.get("content-length", "").encode()
    try:
        body = await read_bytes(request.receive, declared_length=declared, limit=within.limits.batch_bytes)
    except ClientDisconnect as error:
        raise Problem(400, "incomplete", "the connection ended before the body") from error
    now = within.clock()
    delivery_id = verify(source.verification, request.headers, body, secrets=secrets, now=now)
    received = IngestWebhookReceivedV1(
        source_id=source.id,
        delivery_id=delivery_id,
        received_at=now,
        body=body,
        traceparent=current_traceparent.get(),
    )
    await _store(within, received)
    return Taken()


def _known(database: Database, source_id: str) -> tuple[InboundSource, list[str]]:
    with database.reading() as session:
        sources = SqlInboundSources(session, EVERYBODY)
        return sources.get(source_id), sources.secret_texts(source_id)


async def _store(within: Ingestion, received: IngestWebhookReceivedV1) -> None:
    try:
        await within.log.append(webhook_event(received))
    except RecordTooLarge as error:
        raise Problem(413, "too_large", str(error)) from error
    except TimeoutError as error:
        raise Problem(503, "bus_unavailable", "the webhook cannot be stored now; send again") from error
