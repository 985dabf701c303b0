"""Headers of answers, as the OpenAPI document tells of them: a generated client offers no others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Described = Mapping[str, Mapping[str, Any]]

ETAG: Described = {
    "ETag": {
        "description": "the version; goes into `If-Match` of a change that is based on it",
        "required": True,
        "schema": {"type": "string"},
        "example": '"3"',
    }
}
LOCATION: Described = {
    "Location": {
        "description": "where what was made can be read",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
    }
}
RETRY_AFTER: Described = {
    "Retry-After": {
        "description": "when to come back: seconds from now on",
        "required": True,
        "schema": {"type": "string"},
        "example": "1",
    }
}
WWW_AUTHENTICATE: Described = {
    "WWW-Authenticate": {"description": "how to authenticate", "required": True, "schema": {"type": "string"}}
}


def with_headers(status: int, *headers: Described) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers `status` with these headers each time."""
    return {status: {"headers": {name: told for each in headers for name, told in each.items()}}}
