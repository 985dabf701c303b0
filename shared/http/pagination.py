"""Lists in pages: `limit`, `cursor`, `next_cursor`. A cursor is opaque and stands for the last row seen of one list.

A route takes `Paged`, reads `limit + 1` rows from behind `after(...)`, and answers with `page(...)`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from fastapi import Depends, Query, Request
from pydantic import BaseModel

from shared.http.patterns import worded
from shared.http.problems import Problem

T = TypeVar("T")
Row = TypeVar("Row")
Limit = Annotated[int, Query(ge=1, le=200, description="how many at most")]
_CURSOR = worded(r"^[A-Za-z0-9_-]+$", "letters, digits, - and _ of ASCII, as it was handed out")
Cursor = Annotated[str | None, Query(max_length=1000, pattern=_CURSOR, description="`next_cursor` of the page before")]
_MARK_BYTES = 6
_NO_FILTERS = frozenset({"limit", "cursor"})


class Page(BaseModel, Generic[T]):
    """One page; `next_cursor` is null on the last."""

    data: list[T]
    next_cursor: str | None = None


class Place:
    """Where a caller is in one list: at its beginning, or behind the row that `cursor` stands for.

    A list is an address with its filters, `(name, value)` each; a cursor carries their mark, so that no other list
    takes it.
    """

    def __init__(self, address: str, filters: Iterable[tuple[str, str]], cursor: str | None = None) -> None:
        named = msgspec.json.encode((address, sorted(filters)))
        self._mark = hashlib.blake2s(named, digest_size=_MARK_BYTES).digest()
        self.cursor = cursor

    def after(self, *types: type) -> tuple[Any, ...] | None:
        """The sort key of the row seen last, of these types; None at the beginning. Raises Problem 400."""
        if self.cursor is None:
            return None
        try:
            return self._key(self.cursor, types)
        except (binascii.Error, msgspec.MsgspecError, ValueError) as error:
            detail = "cursor is not a next_cursor of this list with these filters"
            raise Problem(400, "invalid_cursor", detail) from error

    def after_id(self) -> str | None:
        """The same where rows are sorted by one text."""
        key = self.after(str)
        return None if key is None else str(key[0])

    def next(self, *key: Any) -> str:
        """The cursor that stands for the row with this sort key."""
        return base64.urlsafe_b64encode(self._mark + msgspec.json.encode(key)).rstrip(b"=").decode()

    def _key(self, cursor: str, types: Sequence[type]) -> tuple[Any, ...]:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        if raw[:_MARK_BYTES] != self._mark:
            raise ValueError("of another list")
        values = msgspec.json.decode(raw[_MARK_BYTES:], type=tuple[Any, ...])
        return tuple(_checked(msgspec.convert(value, kind)) for value, kind in zip(values, types, strict=True))


class Paging(Place):
    """A caller's place in a list, and how many rows it wants to see at most."""

    def __init__(
        self, address: str, filters: Iterable[tuple[str, str]], cursor: str | None = None, *, limit: int
    ) -> None:
        super().__init__(address, filters, cursor)
        self.limit = limit

    def page(self, found: Sequence[Row], view: Callable[[Row], T], *, by: Sequence[str] = ("id",)) -> Page[T]:
        """The page of what was found, which is one row more than `limit` where there is another page.

        `by` names what of the view the list is sorted by.
        """
        data = [view(row) for row in found[: self.limit]]
        more = len(found) > self.limit
        return Page(data=data, next_cursor=self.next(*(getattr(data[-1], name) for name in by)) if more else None)


def _checked(value: Any) -> Any:
    """What a database can compare with."""
    if isinstance(value, str) and "\x00" in value:
        raise ValueError("U+0000 cannot be stored")
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a time without its zone")
    return value


async def _place(request: Request, cursor: Cursor = None) -> Place:
    return Place(request.url.path, _filters(request), cursor)


async def _paging(request: Request, limit: Limit = 50, cursor: Cursor = None) -> Paging:
    return Paging(request.url.path, _filters(request), cursor, limit=limit)


def _filters(request: Request) -> Iterable[tuple[str, str]]:
    return [(name, value) for name, value in request.query_params.multi_items() if name not in _NO_FILTERS]


Placed = Annotated[Place, Depends(_place)]
"""For a route that takes its steps from behind a cursor, as many as it sees fit."""
Paged = Annotated[Paging, Depends(_paging)]
"""For a route that shows a list."""
