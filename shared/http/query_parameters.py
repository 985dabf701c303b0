"""Query parameters, read strictly: a filter that is misspelt or given twice is refused.

Ignoring it would answer another question. Several values of one parameter stand in it with commas between them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fastapi import Request, params
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params

from shared.http.problems import Flaw, Problem, invalid_request

_TOLD = 10


def names_of(dependant: Dependant) -> Sequence[str]:
    """The query parameters that a route takes, in the order in which its document has them."""
    return [each.alias for each in get_flat_params(dependant) if isinstance(each.field_info, params.Query)]


def refused(name: str, detail: str) -> Problem:
    """Why one query parameter cannot be what it is."""
    return invalid_request([Flaw(f"query.{name}", detail)])


def check_names(request: Request, known: Sequence[str]) -> None:
    """Raises Problem 422 that names each query parameter not in `known`, with those that are, or given twice."""
    counts = Counter(name for name, _ in request.query_params.multi_items())
    flaws = [Flaw(f"query.{name}", flaw) for name, times in counts.items() if (flaw := _flaw(name, times, known))]
    if flaws:
        raise invalid_request(flaws[:_TOLD])


def _flaw(name: str, times: int, known: Sequence[str]) -> str | None:
    if name not in known:
        there_are = f"there are {', '.join(known)}" if known else "this address takes none"
        return f"no such parameter; {there_are}"
    return f"given {times} times; give it once" if times > 1 else None
