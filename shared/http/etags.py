"""ETags of versions, and the `If-Match` of a change that is based on one (RFC 9110)."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Header

_TAG = re.compile(r'(?:W/)?"(?P<version>[0-9]{1,9})(?:\.[0-9a-f]+)?"')
"""A version, and behind it the digest of what was read with it."""
_NO_VERSION = -1
"""Of another's tag: the change is based on nothing that ever was."""


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def _seen_version(
    if_match: Annotated[
        str | None,
        Header(
            alias="If-Match",
            description="the `ETag` that the change is based on; 412 when that is not the current one",
            examples=['"3"'],
        ),
    ] = None,
) -> int | None:
    """The version that `If-Match` names; None without one, or for `*`."""
    if if_match is None or if_match.strip() == "*":
        return None
    tag = _TAG.fullmatch(if_match.strip())
    return int(tag["version"]) if tag else _NO_VERSION


SeenVersion = Annotated[int | None, Depends(_seen_version)]
