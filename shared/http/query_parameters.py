"""Query parameters, read strictly: a filter that is misspelt or given twice is refused.

Ignoring it would answer another question. Several values of one parameter stand in it with commas between them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import Request, params
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params
from pydantic import BeforeValidator, WithJsonSchema

from shared.http.problems import Flaw, Problem, invalid_request
from shared.http.schemas import InWords, Moment

_TOLD = 10

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LOST_PLUS = re.compile(r"(\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}\S*) (\d{2}:?\d{2})", re.ASCII)
_FORM = "a day such as 2026-01-31, or a time with its zone such as 2026-01-31T08:00:00Z"


def _beginning(value: str) -> str:
    return _time(f"{value}T00:00:00Z" if _DAY.fullmatch(value) else value)


def _end(value: str) -> str:
    try:
        day = date.fromisoformat(value) + timedelta(days=1) if _DAY.fullmatch(value) else None
    except OverflowError as error:
        raise ValueError("the last day of the calendar has no day after it") from error
    return _time(value if day is None else f"{day}T00:00:00Z")


def _time(value: str) -> str:
    """With the `+` of its zone, of which an address makes a space unless it is written `%2B`."""
    return _LOST_PLUS.sub(r"\1+\2", value)


_AS_JSON_SCHEMA = WithJsonSchema({"anyOf": [{"type": "string", "format": form} for form in ("date", "date-time")]})
Since = Annotated[Moment, BeforeValidator(_beginning), InWords(_FORM), _AS_JSON_SCHEMA]
"""From when on: a time, or a day, which is its first moment in UTC."""
Until = Annotated[Moment, BeforeValidator(_end), InWords(_FORM), _AS_JSON_SCHEMA]
"""Until when: a time, which is not part of it, or a day in UTC, which is."""


def names_of(dependant: Dependant) -> Sequence[str]:
    """The query parameters that a route takes, in the order in which its document has them."""
    return [each.alias for each in get_flat_params(dependant) if isinstance(each.field_info, params.Query)]


def refused(name: str, detail: str) -> Problem:
    """Why one query parameter cannot be what it is."""
    return invalid_request([Flaw(f"query.{name}", detail)])


def check_span(since: datetime | None, until: datetime | None) -> None:
    """Raise Problem 422 when there is nothing between the times of `from` and `to`."""
    if since is not None and until is not None and since >= until:
        raise refused("to", "must be later than `from`, or there is nothing in between")


def check_names(request: Request, known: Sequence[str]) -> None:
    """Raise Problem 422 that names each query parameter not in `known`, with those that are, or given twice."""
    counts = Counter(name for name, _ in request.query_params.multi_items())
    flaws = [Flaw(f"query.{name}", flaw) for name, times in counts.items() if (flaw := _flaw(name, times, known))]
    if flaws:
        raise invalid_request(flaws[:_TOLD])


def _flaw(name: str, times: int, known: Sequence[str]) -> str | None:
    if name not in known:
        there_are = f"there are {', '.join(known)}" if known else "this address takes none"
        return f"no such parameter; {there_are}"
    return f"given {times} times; give it once" if times > 1 else None
