"""Lists in pages: `limit`, `cursor`, `next_cursor`. A cursor is opaque and stands for the last row seen."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import Query
from pydantic import BaseModel

from shared.http.problems import Problem

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=200, description="how many at most")]
Cursor = Annotated[
    str | None, Query(max_length=1000, pattern=r"^[A-Za-z0-9_-]+$", description="`next_cursor` of the page before")
]


class Page(BaseModel, Generic[T]):
    """One page; `next_cursor` is null on the last."""

    data: list[T]
    next_cursor: str | None = None


def encode_cursor(*values: Any) -> str:
    """An opaque cursor of the sort key of the last row seen."""
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).rstrip(b"=").decode()


def decode_cursor(cursor: str, *types: type) -> tuple[Any, ...]:
    """The sort key in `cursor`, of these types. Raises Problem 400 when it is not one of ours."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        values = msgspec.json.decode(raw, type=tuple[Any, ...])
        if len(values) != len(types):
            raise ValueError("another list's cursor")
        decoded: tuple[Any, ...] = tuple(
            msgspec.convert(value, kind) for value, kind in zip(values, types, strict=True)
        )
    except (binascii.Error, msgspec.MsgspecError, ValueError) as error:
        raise Problem(400, "invalid_cursor", "cursor is not a next_cursor of this list") from error
    if any(isinstance(value, str) and "\x00" in value for value in decoded):
        raise Problem(400, "invalid_cursor", "cursor is not a next_cursor of this list")
    return decoded
