"""What the routes are handed."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Header, Path, Request
from pydantic import BeforeValidator

from services.profile.bootstrap import Wiring

UUID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"

_ETAG = re.compile(r'(W/)?"(?P<version>[0-9]{1,9})"')
_NO_VERSION = -1  # another's ETag: the change is based on nothing that ever was


def _wiring(request: Request) -> Wiring:
    wiring: Wiring = request.app.state.wiring
    return wiring


def _wanted_version(
    if_match: Annotated[
        str | None,
        Header(
            description="the ETag that the change is based on; 412 when that is not the current one", examples=['"3"']
        ),
    ] = None,
) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    tag = _ETAG.fullmatch(if_match.strip())
    return int(tag["version"]) if tag else _NO_VERSION


Wired = Annotated[Wiring, Depends(_wiring)]
WantedVersion = Annotated[int | None, Depends(_wanted_version)]
ProfileId = Annotated[str, Path(pattern=UUID_PATTERN, examples=["0193f0a2-7c1e-7b6a-9f3e-2f1f6f0e8a11"])]
SegmentId = Annotated[
    str, BeforeValidator(str), Path(pattern=UUID_PATTERN, examples=["0193f0a2-8d00-7d10-b0c4-93a1d7a4c001"])
]
"""Of routes with `{segment_id:uuid}`: the router hands over a UUID, and `preview` is no segment."""


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'
