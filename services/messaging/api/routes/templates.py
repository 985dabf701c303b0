"""/v1/templates: texts with gaps, in each language, in versions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from services.messaging.adapters.sql.templates import SqlTemplates
from services.messaging.api.dependencies import TemplateId, Wired
from services.messaging.api.problems import flaws_told
from services.messaging.api.readers import reader_of
from services.messaging.api.schemas.templates import (
    PreviewRequest,
    RenderedView,
    TemplateDraft,
    TemplateView,
    rendered_view,
    template_view,
)
from services.messaging.use_cases.write_letter import PREVIEW_TOKEN
from shared.auth.access import Requires, require
from shared.auth.keys import Caller
from shared.http.answer_headers import ETAG, LOCATION, with_headers
from shared.http.etags import SeenVersion, etag
from shared.http.idempotency import IdempotencyKey, once
from shared.http.pagination import Page, Paged
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

router = APIRouter(prefix="/v1/templates", tags=["Templates"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)
Writer = Annotated[Caller, Depends(require("templates:write"))]


@router.get("", dependencies=[Requires("templates:read")])
def list_templates(wired: Wired, paging: Paged) -> Page[TemplateView]:
    """Templates at their current versions, oldest first."""
    after = paging.after_id()
    with wired.database.reading() as session:
        found = SqlTemplates(session).page(after=after, limit=paging.limit + 1)
    return paging.page(found, template_view)


@router.post("", status_code=201, responses=with_headers(201, LOCATION, ETAG))
def create_template(
    draft: TemplateDraft, wired: Wired, caller: Writer, response: Response, key: IdempotencyKey = None
) -> TemplateView:
    """Create a template. One that prints what may be missing, or leaves the allowed language, is refused by line."""
    with flaws_told(), wired.database.transaction() as session:
        made = once(
            session,
            caller=caller.key_id,
            key=key,
            request=draft,
            answer=TemplateView,
            act=lambda: template_view(
                wired.save_template.create(
                    SqlTemplates(session),
                    name=draft.name,
                    default_language=draft.default_language,
                    variants=draft.texts(),
                )
            ),
        )
    response.headers.update({"Location": f"{router.prefix}/{made.id}", "ETag": etag(made.version)})
    return made


@router.get("/{template_id}", dependencies=[Requires("templates:read")], responses=with_headers(200, ETAG))
def get_template(template_id: TemplateId, wired: Wired, response: Response) -> TemplateView:
    """A template at its current version."""
    with wired.database.reading() as session:
        template = SqlTemplates(session).get(template_id)
    response.headers["ETag"] = etag(template.current.version)
    return template_view(template)


@router.put("/{template_id}", dependencies=[Requires("templates:write")], responses=with_headers(200, ETAG))
def revise_template(
    template_id: TemplateId, draft: TemplateDraft, wired: Wired, seen: SeenVersion, response: Response
) -> TemplateView:
    """Add a version, which new campaigns use; campaigns planned before keep theirs.

    With `If-Match` and the ETag that the change is based on: 412 if there is a newer version.
    """
    with flaws_told(), wired.database.transaction() as session:
        templates = SqlTemplates(session)
        revised = wired.save_template.revise(
            templates, templates.get(template_id), seen=seen, new=draft.version(), name=draft.name
        )
    response.headers["ETag"] = etag(revised.current.version)
    return template_view(revised)


@router.post("/{template_id}/preview", dependencies=[Requires("templates:read")])
def preview_template(template_id: TemplateId, request: PreviewRequest, wired: Wired) -> RenderedView:
    """What a known customer, or a sample one, would read."""
    with wired.database.reading() as session:
        version = SqlTemplates(session).get(template_id).current
        contact = reader_of(session, request)
    url = f"{wired.settings.public_url.rstrip('/')}/u/{PREVIEW_TOKEN}"
    rendered = wired.template_language.render(version, contact, sender=request.sender(), unsubscribe_url=url)
    return rendered_view(rendered)


@router.get("/{template_id}/versions/{version}", dependencies=[Requires("templates:read")])
def get_template_version(
    template_id: TemplateId, version: Annotated[int, Path(ge=1, le=1_000_000)], wired: Wired
) -> TemplateView:
    """A template as it was at one version."""
    with wired.database.reading() as session:
        templates = SqlTemplates(session)
        template = templates.get(template_id)
        return template_view(template.at(templates.version(template_id, version)))
