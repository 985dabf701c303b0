"""/v1/inbound-sources: partners that send webhooks, each seen by its owner alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.events.adapters.sql.inbound.sources import SqlInboundSources, verification_document
from services.events.api.dependencies import Wired
from services.events.api.owners import owner_of
from services.events.api.schemas.inbound import (
    CreatedInboundSource,
    CreatedSecret,
    InboundDefinition,
    InboundSecretView,
    InboundSourceDetail,
    InboundSourceId,
    InboundSourceView,
    NewInboundSource,
    NewSecret,
    SecretId,
)
from services.events.api.schemas.inbound_dry_run import DryRun, DryRunFlaw, DryRunView
from services.events.domain.inbound.errors import Unmappable
from services.events.use_cases.inbound.keep_inbound_sources import (
    add_inbound_secret,
    change_inbound_source,
    create_inbound_source,
    remove_inbound_secret,
)
from services.events.use_cases.inbound.map_webhooks import calls_of
from services.events.use_cases.inbound.ports import InboundSource
from shared.auth.access import require
from shared.auth.keys import Caller
from shared.http.answer_headers import ETAG, LOCATION, with_headers
from shared.http.etags import SeenVersion, etag
from shared.http.idempotency import IdempotencyKey, once
from shared.http.pagination import Page, Paged
from shared.http.problems import PROBLEM_RESPONSES, Problem
from shared.http.strict_json import StrictRoute

router = APIRouter(
    prefix="/v1/inbound-sources", tags=["Inbound webhooks"], route_class=StrictRoute, responses=PROBLEM_RESPONSES
)
Reader = Annotated[Caller, Depends(require("sources:read"))]
Writer = Annotated[Caller, Depends(require("sources:write"))]


@router.post("", name="create_inbound_source", status_code=201, responses=with_headers(201, LOCATION, ETAG))
def create(
    body: NewInboundSource, wired: Wired, response: Response, caller: Writer, idempotency_key: IdempotencyKey = None
) -> CreatedInboundSource:
    """Make an inbound source. A secret that is made here is shown this once."""
    with wired.database.transaction() as session:

        def act() -> CreatedInboundSource:
            source, secret = create_inbound_source(
                SqlInboundSources(session, owner_of(caller)),
                body.wanted(),
                body.verification.read(),
                secret=body.verification.secret,
                owner=caller.owner,
                clock=wired.clock,
            )
            return CreatedInboundSource(**_view(source).model_dump(), secret=secret)

        made = once(
            session, caller=caller.key_id, key=idempotency_key, request=body, answer=CreatedInboundSource, act=act
        )
    response.headers.update({"Location": f"{router.prefix}/{made.id}", "ETag": etag(made.version)})
    return made


@router.get("")
def list_inbound_sources(wired: Wired, caller: Reader, paging: Paged) -> Page[InboundSourceView]:
    """Your inbound sources, newest first; an administrator's key sees everybody's."""
    before = paging.after_id()
    with wired.database.reading() as session:
        found = SqlInboundSources(session, owner_of(caller)).page(limit=paging.limit + 1, before=before)
    return paging.page(found, _view)


@router.get("/{source_id}", name="get_inbound_source", responses=with_headers(200, ETAG))
def show(source_id: InboundSourceId, wired: Wired, response: Response, caller: Reader) -> InboundSourceDetail:
    """One inbound source and its live secrets, without their values; its `ETag` goes into `If-Match` of a change."""
    with wired.database.reading() as session:
        sources = SqlInboundSources(session, owner_of(caller))
        source = sources.get(source_id)
        secrets = [InboundSecretView(id=one.id, created_at=one.created_at) for one in sources.secrets(source_id)]
    response.headers["ETag"] = etag(source.version)
    return InboundSourceDetail(**_view(source).model_dump(), secrets=secrets)


@router.put("/{source_id}", name="change_inbound_source", responses=with_headers(200, ETAG))
def change(
    source_id: InboundSourceId,
    body: InboundDefinition,
    wired: Wired,
    response: Response,
    caller: Writer,
    seen: SeenVersion,
) -> InboundSourceView:
    """Replace name, mapping and currency. How deliveries are verified stays as it was made."""
    with wired.database.transaction() as session:
        sources = SqlInboundSources(session, owner_of(caller))
        source = change_inbound_source(sources, source_id, body.wanted(), seen=seen, clock=wired.clock)
    response.headers["ETag"] = etag(source.version)
    return _view(source)


@router.delete("/{source_id}", name="delete_inbound_source", status_code=204)
def remove(source_id: InboundSourceId, wired: Wired, caller: Writer) -> None:
    """Delete an inbound source and its secrets; what it sent stays."""
    with wired.database.transaction() as session:
        SqlInboundSources(session, owner_of(caller)).remove(source_id)


@router.post("/{source_id}/secrets", name="add_inbound_secret", status_code=201)
def add_secret(
    source_id: InboundSourceId,
    body: NewSecret,
    wired: Wired,
    caller: Writer,
    idempotency_key: IdempotencyKey = None,
) -> CreatedSecret:
    """Add a second secret; both verify until one is removed."""
    with wired.database.transaction() as session:

        def act() -> CreatedSecret:
            sources = SqlInboundSources(session, owner_of(caller))
            return CreatedSecret.of(*add_inbound_secret(sources, source_id, secret=body.secret, clock=wired.clock))

        described = f"inbound-secret:{source_id}:{body.model_dump_json()}"
        return once(
            session, caller=caller.key_id, key=idempotency_key, request=described, answer=CreatedSecret, act=act
        )


@router.delete("/{source_id}/secrets/{secret_id}", name="delete_inbound_secret", status_code=204)
def remove_secret(source_id: InboundSourceId, secret_id: SecretId, wired: Wired, caller: Writer) -> None:
    """Delete a secret; what it signed is refused from now on. The last one cannot be deleted."""
    with wired.database.transaction() as session:
        if not remove_inbound_secret(SqlInboundSources(session, owner_of(caller)), source_id, secret_id):
            raise Problem(404, "secret_not_found", f"the inbound source has no live secret {secret_id}")


@router.post("/{source_id}/dry-run", name="try_inbound_mapping")
def dry_run(source_id: InboundSourceId, body: DryRun, wired: Wired, caller: Reader) -> DryRunView:
    """The calls that a payload would make, or the first problems; nothing is stored."""
    with wired.database.reading() as session:
        source = SqlInboundSources(session, owner_of(caller)).get(source_id)
    mapping = source.mapping if body.mapping is None else body.mapping.document()
    try:
        mapped = calls_of(
            source, body.payload, delivery_id="dry-run", mapping=mapping, limits=wired.settings.call_limits
        )
    except Unmappable as error:
        return DryRunView(calls=[], passed_over=0, problems=[DryRunFlaw.of(flaw) for flaw in error.flaws])
    return DryRunView(calls=[dict(call) for call in mapped.calls], passed_over=mapped.passed_over, problems=[])


def _view(source: InboundSource) -> InboundSourceView:
    return InboundSourceView.of(source, verification_document(source.verification))
