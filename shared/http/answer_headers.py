"""Headers of answers, as the OpenAPI document tells of them: a generated client offers no others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Described = Mapping[str, Mapping[str, Any]]


def _header(name: str, description: str, *, form: Mapping[str, str] | None = None, **told: str) -> Described:
    schema = {"type": "string", **(form or {})}
    return {name: {"description": description, "required": True, "schema": schema, **told}}


ETAG = _header("ETag", "the version; goes into `If-Match` of a change that is based on it", example='"3"')
LOCATION = _header("Location", "where what was made can be read", form={"format": "uri-reference"})
RETRY_AFTER = _header("Retry-After", "when to come back: seconds from now on", example="1")
WWW_AUTHENTICATE = _header("WWW-Authenticate", "how to authenticate")


def with_headers(status: int, *headers: Described) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers `status` with these headers each time."""
    return {status: {"headers": {name: told for each in headers for name, told in each.items()}}}
