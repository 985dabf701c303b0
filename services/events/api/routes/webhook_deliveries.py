"""Deliveries of webhooks: what became of them, trying an endpoint, and sending again."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from services.events.adapters.sql.webhooks.deliveries import SqlDeliveries
from services.events.adapters.sql.webhooks.endpoints import SqlEndpoints
from services.events.api.dependencies import Wired
from services.events.api.owners import owner_of
from services.events.api.routes.webhooks import Reader, Writer
from services.events.api.schemas.webhook_deliveries import (
    AttemptView,
    DeliveryDetail,
    DeliveryId,
    DeliveryView,
    Recovered,
    Recovery,
    State,
    TestResult,
)
from services.events.api.schemas.webhooks import EndpointId
from services.events.domain.owners import Owner
from services.events.domain.webhooks.bodies import body_of
from services.events.domain.webhooks.endpoints import Endpoint
from services.events.use_cases.webhooks.deliver_webhooks import post_of
from shared.http.idempotency import IdempotencyKey, once
from shared.http.pagination import Page, Paged
from shared.http.problems import PROBLEM_RESPONSES, Problem
from shared.http.strict_json import StrictRoute
from shared.ids import new_id
from shared.sql.database import Database

router = APIRouter(prefix="/v1", tags=["Webhooks"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)
_OfState = Annotated[State | None, Query(description="only these")]


@router.get("/webhook-endpoints/{endpoint_id}/deliveries")
def list_deliveries(
    endpoint_id: EndpointId,
    wired: Wired,
    caller: Reader,
    paging: Paged,
    state: _OfState = None,
) -> Page[DeliveryView]:
    """Deliveries to one endpoint, newest first."""
    before = paging.after_id()
    with wired.database.reading() as session:
        SqlEndpoints(session, owner_of(caller)).get(endpoint_id)
        deliveries = SqlDeliveries(session, owner_of(caller))
        found = deliveries.page(endpoint_id, state=state, limit=paging.limit + 1, before=before)
    return paging.page(found, DeliveryView.of)


@router.get("/webhook-deliveries/{delivery_id}", name="get_delivery")
def show(delivery_id: DeliveryId, wired: Wired, caller: Reader) -> DeliveryDetail:
    """One delivery, what is sent, and every attempt with its answer."""
    with wired.database.reading() as session:
        deliveries = SqlDeliveries(session, owner_of(caller))
        delivery = deliveries.get(delivery_id)
        body = deliveries.body(delivery_id).decode()
        history = [AttemptView.of(attempt) for attempt in deliveries.attempts(delivery_id)]
    return DeliveryDetail(**DeliveryView.of(delivery).model_dump(), body=body, history=history)


@router.post("/webhook-deliveries/{delivery_id}/resend", name="resend_delivery", status_code=202)
def resend(
    delivery_id: DeliveryId, wired: Wired, caller: Writer, idempotency_key: IdempotencyKey = None
) -> DeliveryView:
    """Send one event again, under the same `webhook-id`; the schedule begins anew."""
    with wired.database.transaction() as session:

        def act() -> DeliveryView:
            deliveries = SqlDeliveries(session, owner_of(caller))
            delivery = deliveries.get(delivery_id)
            SqlEndpoints(session, owner_of(caller)).get(delivery.endpoint_id)
            deliveries.resend(delivery)
            return DeliveryView.of(deliveries.get(delivery_id))

        described = f"resend:{delivery_id}"
        return once(session, caller=caller.key_id, key=idempotency_key, request=described, answer=DeliveryView, act=act)


@router.post("/webhook-endpoints/{endpoint_id}/recover", name="recover_deliveries", status_code=202)
def recover(
    endpoint_id: EndpointId, body: Recovery, wired: Wired, caller: Writer, idempotency_key: IdempotencyKey = None
) -> Recovered:
    """Send again everything that failed since a time, such as the beginning of an outage."""
    with wired.database.transaction() as session:

        def act() -> Recovered:
            endpoint = SqlEndpoints(session, owner_of(caller)).get(endpoint_id)
            many = SqlDeliveries(session, owner_of(caller)).recover(endpoint.id, since=body.since)
            return Recovered(deliveries=many)

        described = f"recover:{endpoint_id}:{body.since.isoformat()}"
        return once(session, caller=caller.key_id, key=idempotency_key, request=described, answer=Recovered, act=act)


@router.post("/webhook-endpoints/{endpoint_id}/test", name="test_webhook_endpoint")
async def send_test(endpoint_id: EndpointId, wired: Wired, caller: Writer) -> TestResult:
    """Post a `webhook.test` event once, now, and show the answer; nothing is stored."""
    webhooks = wired.webhooks
    endpoint = await run_in_threadpool(_endpoint, wired.database, owner_of(caller), endpoint_id)
    if webhooks.test_sends.locked():
        raise Problem(429, "too_many_tests", "as many tests are under way as there may be")
    webhook_id, now = new_id(), wired.clock()
    data = msgspec.json.encode({"endpoint_id": endpoint.id, "message": "If you can verify this, you are set up."})
    post = post_of(endpoint, webhook_id, body_of("webhook.test", now, data), at=now)
    async with webhooks.test_sends:
        return TestResult.of(webhook_id, await webhooks.test_sender.send(post))


def _endpoint(database: Database, owner: Owner, endpoint_id: str) -> Endpoint:
    with database.reading() as session:
        return SqlEndpoints(session, owner).get(endpoint_id)
