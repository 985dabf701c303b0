"""Query parameters, read strictly: a misspelt filter is refused, where ignoring it would answer another question."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request, params
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params

from shared.http.problems import Flaw, Problem

_TOLD = 10


def names_of(dependant: Dependant) -> Sequence[str]:
    """The query parameters that a route takes, in the order in which its document has them."""
    return [each.alias for each in get_flat_params(dependant) if isinstance(each.field_info, params.Query)]


def refused(name: str, detail: str) -> Problem:
    """Why one query parameter cannot be what it is."""
    flaw = Flaw(f"query.{name}", detail)
    return Problem(422, "invalid_request", f"{flaw.where}: {detail}", errors=[flaw])


def refuse_unknown(request: Request, known: Sequence[str]) -> None:
    """Raises Problem 422 that names each query parameter not in `known`, and those that are."""
    unknown = [name for name in request.query_params if name not in known]
    if not unknown:
        return
    there_are = f"there are {', '.join(known)}" if known else "this address takes none"
    flaws = [Flaw(f"query.{name}", f"no such parameter; {there_are}") for name in unknown[:_TOLD]]
    raise Problem(422, "invalid_request", f"{flaws[0].where}: {flaws[0].detail}", errors=flaws)
