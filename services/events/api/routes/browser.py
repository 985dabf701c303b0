"""What browser SDKs fetch before they send: settings by write key, open to every origin."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from services.events.api.ingest.answers import preflight
from services.events.api.ingest.write_keys import KnownWriteKeys, stated_write_key
from services.events.domain.errors import UnknownWriteKey
from shared.http.patterns import VISIBLE_ASCII
from shared.http.problems import PROBLEM_RESPONSES, Problem

router = APIRouter(
    tags=["Tracking API"],
    responses={status: PROBLEM_RESPONSES[status] for status in (400, 404, 422, 500, 503)},
)
_OPEN = {"Access-Control-Allow-Origin": "*"}


@router.get("/v1/projects/{write_key}/settings")
async def segment_settings(
    write_key: Annotated[str, Path(max_length=200, pattern=VISIBLE_ASCII)], request: Request, response: Response
) -> dict[str, Any]:
    """The settings that Segment's browser SDK loads: send everything here, to no other destination."""
    await _source(request, write_key)
    response.headers.update(_OPEN)
    to_us = {
        "apiKey": write_key,
        "apiHost": f"{request.url.netloc}/v1",
        "protocol": request.url.scheme,
        "unbundledIntegrations": [],
        "addBundledMetadata": True,
        "maybeBundledConfigIds": {},
        "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
    }
    return {
        "integrations": {"Segment.io": to_us},
        "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
        "edgeFunction": {},
        "analyticsNextEnabled": True,
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "metrics": {"sampleRate": 0},
        "legacyVideoPluginsEnabled": False,
        "remotePlugins": [],
    }


@router.get("/sourceConfig", responses={401: PROBLEM_RESPONSES[401]})
@router.get("/sourceConfig/", include_in_schema=False)
async def rudderstack_settings(
    request: Request,
    response: Response,
    write_key: Annotated[
        str | None,
        Query(
            alias="writeKey", min_length=1, max_length=200, pattern=VISIBLE_ASCII, description="else the user of Basic"
        ),
    ] = None,
) -> dict[str, Any]:
    """The source configuration that RudderStack's SDKs load: enabled, with no device-mode destination."""
    write_key = write_key or _in_header(request)
    source_id = await _source(request, write_key)
    response.headers.update(_OPEN)
    statistics = {"errors": {"enabled": False}, "metrics": {"enabled": False}}
    source = {
        "id": source_id,
        "name": "rapport",
        "writeKey": write_key,
        "enabled": True,
        "config": {"statsCollection": statistics},
        "connections": [],
        "destinations": [],
        "dataplanes": {},
        "workspaceId": "rapport",
    }
    return {"source": source, "consentManagementMetadata": {"providers": []}}


@router.options("/sourceConfig", include_in_schema=False)
@router.options("/sourceConfig/", include_in_schema=False)
@router.options("/v1/projects/{write_key}/settings", include_in_schema=False)
def allow_asking(request: Request) -> Response:
    """A browser asks first, where its SDK sends the write key in a header too."""
    return preflight(request.scope)


def _in_header(request: Request) -> str:
    """The write key of the header, which is where mobile SDKs have it."""
    authorization = request.headers.get("authorization", "")
    try:
        return stated_write_key(authorization.encode("latin-1"), b"") or ""
    except UnknownWriteKey as error:
        detail = "name a write key: ?writeKey=, or as the user of Basic"
        raise Problem(401, "unknown_write_key", detail, headers=_OPEN | {"WWW-Authenticate": "WriteKey"}) from error


async def _source(request: Request, write_key: str) -> str:
    keys: KnownWriteKeys = request.app.state.write_keys
    try:
        return await keys.source_of(write_key)
    except UnknownWriteKey as error:
        raise Problem(404, "unknown_write_key", "no live source has this write key", headers=_OPEN) from error
