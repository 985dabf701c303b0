"""What the routes are handed."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Path, Request

from services.messaging.bootstrap import Wiring
from shared.http.problems import Problem

_ETAG = re.compile(r'(?:W/)?"(\d{1,9})"')
UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"


def _wiring(request: Request) -> Wiring:
    wiring: Wiring = request.app.state.wiring
    return wiring


def _wanted_version(request: Request) -> int | None:
    """The version that `If-Match` names. Not among the documented parameters: no value of it is valid by itself."""
    header = request.headers.get("if-match", "*")
    if header.strip() == "*":
        return None
    found = _ETAG.fullmatch(header.strip())
    if found is None:
        raise Problem(400, "invalid_etag", 'If-Match is an ETag of this resource, such as "3"')
    return int(found[1])


Wired = Annotated[Wiring, Depends(_wiring)]
WantedVersion = Annotated[int | None, Depends(_wanted_version)]
TemplateId = Annotated[str, Path(pattern=UUID, examples=["0193f0a2-7c1e-7b6a-9f3e-2f1f6f0e8a11"])]
CampaignId = Annotated[str, Path(pattern=UUID, examples=["0193f0a2-8d00-7d10-b0c4-93a1d7a4c001"])]
MessageId = Annotated[str, Path(pattern=UUID, examples=["0193f0a2-9b11-7c22-8d33-4e44f5550666"])]


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'
