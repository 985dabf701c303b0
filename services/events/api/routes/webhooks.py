"""/v1/webhook-endpoints: where partners are told what happens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.events.adapters.sql.webhooks.endpoints import Condition, SqlEndpoints
from services.events.api.dependencies import Wired
from services.events.api.owners import owner_of
from services.events.api.schemas.webhooks import EndpointChange, EndpointId, EndpointView, NewEndpoint, SecretsView
from services.events.use_cases.webhooks.keep_endpoints import change_endpoint, create_endpoint, rotate_secret
from shared.auth.access import require
from shared.auth.keys import Caller
from shared.http.answer_headers import ETAG, LOCATION, with_headers
from shared.http.etags import SeenVersion, etag
from shared.http.idempotency import IdempotencyKey, once
from shared.http.pagination import Page, Paged
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

router = APIRouter(
    prefix="/v1/webhook-endpoints", tags=["Webhooks"], route_class=StrictRoute, responses=PROBLEM_RESPONSES
)
Reader = Annotated[Caller, Depends(require("webhooks:read"))]
Writer = Annotated[Caller, Depends(require("webhooks:write"))]


@router.post("", name="create_webhook_endpoint", status_code=201, responses=with_headers(201, LOCATION, ETAG))
def create(
    body: NewEndpoint, wired: Wired, response: Response, caller: Writer, idempotency_key: IdempotencyKey = None
) -> EndpointView:
    """Make an endpoint; read its secret separately. It receives what happens from now on, to all customers."""
    wired.webhooks.check_url(body.url)  # before any transaction, because names are looked up
    with wired.database.transaction() as session:

        def act() -> EndpointView:
            endpoints = SqlEndpoints(session, owner_of(caller))
            return EndpointView.of(create_endpoint(endpoints, body.wanted(), owner=caller.owner, clock=wired.clock))

        made = once(session, caller=caller.key_id, key=idempotency_key, request=body, answer=EndpointView, act=act)
    response.headers["Location"] = f"{router.prefix}/{made.id}"
    return _tagged(made, response)


@router.get("", name="list_webhook_endpoints")
def list_endpoints(wired: Wired, caller: Reader, paging: Paged) -> Page[EndpointView]:
    """Your endpoints, newest first; an administrator's key sees everybody's."""
    before = paging.after_id()
    with wired.database.reading() as session:
        found = SqlEndpoints(session, owner_of(caller)).page(limit=paging.limit + 1, before=before)
    return paging.page(found, lambda each: EndpointView.of(*each))


@router.get("/{endpoint_id}", name="get_webhook_endpoint", responses=with_headers(200, ETAG))
def show(endpoint_id: EndpointId, wired: Wired, response: Response, caller: Reader) -> EndpointView:
    """One endpoint; its `ETag` goes into `If-Match` of a change."""
    with wired.database.reading() as session:
        endpoint, condition = SqlEndpoints(session, owner_of(caller)).show(endpoint_id)
    return _tagged(EndpointView.of(endpoint, condition), response)


@router.patch("/{endpoint_id}", name="change_webhook_endpoint", responses=with_headers(200, ETAG))
def change(
    endpoint_id: EndpointId,
    body: EndpointChange,
    wired: Wired,
    response: Response,
    caller: Writer,
    seen: SeenVersion,
) -> EndpointView:
    """Change an endpoint. `disabled: false` enables it again; what waited for it is sent then."""
    if body.url is not None:
        wired.webhooks.check_url(body.url)  # before any transaction, because names are looked up
    with wired.database.transaction() as session:
        changed = change_endpoint(
            SqlEndpoints(session, owner_of(caller)),
            endpoint_id,
            body.wanted(),
            seen=seen,
            clock=wired.clock,
        )
    return _tagged(EndpointView.of(changed, Condition(None, None)), response)


@router.delete("/{endpoint_id}", name="delete_webhook_endpoint", status_code=204)
def remove(endpoint_id: EndpointId, wired: Wired, caller: Writer) -> None:
    """Delete an endpoint and its secrets; what waits for it is canceled."""
    with wired.database.transaction() as session:
        SqlEndpoints(session, owner_of(caller)).remove(endpoint_id)


@router.get("/{endpoint_id}/secret", name="get_webhook_secrets")
def show_secret(endpoint_id: EndpointId, wired: Wired, response: Response, caller: Writer) -> SecretsView:
    """The secrets that sign what this endpoint receives."""
    with wired.database.reading() as session:
        endpoint = SqlEndpoints(session, owner_of(caller)).get(endpoint_id)
    response.headers["Cache-Control"] = "no-store"
    return SecretsView.of(endpoint, wired.clock())


@router.post("/{endpoint_id}/secret/rotate", name="rotate_webhook_secret")
def rotate(
    endpoint_id: EndpointId,
    wired: Wired,
    response: Response,
    caller: Writer,
    idempotency_key: IdempotencyKey = None,
) -> SecretsView:
    """A new secret. Everything is signed with the old one too for 24 hours, so that nothing is refused meanwhile."""
    response.headers["Cache-Control"] = "no-store"
    with wired.database.transaction() as session:

        def act() -> SecretsView:
            endpoint = rotate_secret(SqlEndpoints(session, owner_of(caller)), endpoint_id, clock=wired.clock)
            return SecretsView.of(endpoint, wired.clock())

        described = f"rotate:{endpoint_id}"
        return once(session, caller=caller.key_id, key=idempotency_key, request=described, answer=SecretsView, act=act)


def _tagged(view: EndpointView, response: Response) -> EndpointView:
    response.headers["ETag"] = etag(view.version)
    return view
