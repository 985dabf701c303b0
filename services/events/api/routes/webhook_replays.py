"""Replays: telling an endpoint the facts of a time again."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy.orm import Session

from services.events.adapters.sql.webhooks.endpoints import SqlEndpoints
from services.events.adapters.sql.webhooks.replays import SqlReplays
from services.events.api.dependencies import Wired
from services.events.api.owners import owner_of
from services.events.api.routes.webhooks import Reader, Writer
from services.events.api.schemas.webhook_replays import NewReplay, ReplayId, ReplayView
from services.events.api.schemas.webhooks import EndpointId
from services.events.use_cases.webhooks.replay_webhooks import begin_replay
from shared.auth.keys import Caller
from shared.http.idempotency import IdempotencyKey, once
from shared.http.pagination import Page, Paged
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

router = APIRouter(
    prefix="/v1/webhook-endpoints/{endpoint_id}/replays",
    tags=["Webhooks"],
    route_class=StrictRoute,
    responses=PROBLEM_RESPONSES,
)


@router.post("", status_code=202)
def start_replay(
    endpoint_id: EndpointId, body: NewReplay, wired: Wired, caller: Writer, idempotency_key: IdempotencyKey = None
) -> ReplayView:
    """Send the endpoint the facts of a time again, also those from before it was made or that it did not ask for then.

    What happens meanwhile goes before. A fact has the `webhook-id` that it had, or would have had, when it happened.
    One replay at a time runs to an endpoint; `event_types` are taken instead of the endpoint's own.
    """
    with wired.database.transaction() as session:

        def act() -> ReplayView:
            replays = SqlReplays(session, owner_of(caller))
            endpoints = SqlEndpoints(session, owner_of(caller))
            begun = begin_replay(endpoints, replays, endpoint_id, body.wanted(), clock=wired.clock)
            return ReplayView.of(begun, replays.outcome(begun))

        described = f"replay:{endpoint_id}:{body.model_dump_json()}"
        return once(session, caller=caller.key_id, key=idempotency_key, request=described, answer=ReplayView, act=act)


@router.get("")
def list_replays(endpoint_id: EndpointId, wired: Wired, caller: Reader, paging: Paged) -> Page[ReplayView]:
    """The replays to one endpoint, newest first."""
    before = paging.after_id()
    with wired.database.reading() as session:
        SqlEndpoints(session, owner_of(caller)).get(endpoint_id)
        replays = SqlReplays(session, owner_of(caller))
        found = replays.page(endpoint_id, limit=paging.limit + 1, before=before)
        return paging.page(found, lambda each: ReplayView.of(each, replays.outcome(each)))


@router.get("/{replay_id}")
def get_replay(endpoint_id: EndpointId, replay_id: ReplayId, wired: Wired, caller: Reader) -> ReplayView:
    """One replay: how far it has read, and what came of its deliveries."""
    with wired.database.reading() as session:
        return _view(session, caller, endpoint_id, replay_id)


@router.post("/{replay_id}/cancel")
def cancel_replay(endpoint_id: EndpointId, replay_id: ReplayId, wired: Wired, caller: Writer) -> ReplayView:
    """Read no further and send nothing more of what still waits; a replay that has ended stays ended."""
    with wired.database.transaction() as session:
        replays = SqlReplays(session, owner_of(caller))
        replays.cancel(replays.get(endpoint_id, replay_id))
        return _view(session, caller, endpoint_id, replay_id)


def _view(session: Session, caller: Caller, endpoint_id: str, replay_id: str) -> ReplayView:
    replays = SqlReplays(session, owner_of(caller))
    found = replays.get(endpoint_id, replay_id)
    return ReplayView.of(found, replays.outcome(found))
