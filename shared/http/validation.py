"""What is wrong with a request, of all that pydantic says of it: the words about the alternative that was meant.

Where a value may be one of several things, pydantic says of each why it is not that. The sender meant one of them: that
of the right JSON type with the fewest fields missing or too many.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from pydantic_core import ErrorDetails

from shared.http.patterns import told
from shared.http.unknown_fields import UNKNOWN_FIELD

_MISFITS = frozenset({"missing", UNKNOWN_FIELD})


@dataclass(frozen=True, slots=True)
class _Said:
    """One error. `alternatives` are where the value may be several things, and which of them this is said of."""

    where: str
    detail: str
    kind: str
    alternatives: tuple[tuple[str, str], ...] = ()
    of_other_type: bool = False


def what_is_wrong(errors: Iterable[Any], body: Any) -> list[tuple[str, str]]:
    """Where (a JSON pointer into `body`, or `query.limit`) and what, for the errors of a RequestValidationError."""
    return [(said.where, said.detail) for said in _meant([_said(error, body) for error in errors], level=0)]


def _said(error: ErrorDetails, body: Any) -> _Said:
    place, *rest = error["loc"] or ("body",)
    kind, detail = error["type"], told(error)
    if place != "body":
        return _Said(".".join(map(str, error["loc"])), detail, kind)
    where, alternatives = _walked(body, rest, missing=kind == "missing")
    other = kind.endswith("_type") or (kind == "form" and not isinstance(error["input"], str))
    return _Said(where, detail, kind, alternatives, other)


def _walked(body: Any, parts: Sequence[Any], *, missing: bool) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The JSON pointer into `body`; among the parts are names of alternatives, which no body has in it."""
    kept: list[str] = []
    alternatives: list[tuple[str, str]] = []
    for number, part in enumerate(parts, start=1):
        if (isinstance(body, Mapping) and part in body) or (isinstance(body, list) and part in range(len(body))):
            body = body[part]
        elif not (missing and number == len(parts)):
            alternatives.append((_pointer(kept), str(part)))
            continue
        kept.append(str(part))
    return _pointer(kept), tuple(alternatives)


def _pointer(parts: Sequence[str]) -> str:
    return "/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in parts)


def _meant(all_said: Sequence[_Said], *, level: int) -> list[_Said]:
    """Without what is said of alternatives, `level` of which are chosen already, that were not meant."""
    meant: list[_Said] = []
    for place, said in _grouped(all_said, level, 0):
        if place is None:
            meant += said
            continue
        choices = [_meant(of_one, level=level + 1) for _, of_one in _grouped(said, level, 1)]
        best = min(choices, key=lambda choice: _distance(choice, place))
        meant += [_any_of(choices)] if _is_of_other_type(best, place) else best
    return meant


def _grouped(all_said: Sequence[_Said], level: int, part: int) -> list[tuple[str | None, list[_Said]]]:
    def name(said: _Said) -> str | None:
        return said.alternatives[level][part] if len(said.alternatives) > level else None

    order = list(dict.fromkeys(map(name, all_said)))
    ordered = sorted(all_said, key=lambda said: order.index(name(said)))
    return [(key, list(some)) for key, some in groupby(ordered, name)]


def _distance(choice: Sequence[_Said], place: str) -> tuple[bool, int, int]:
    """How far a value is from an alternative: of another type, fields that do not belong, all that is wrong."""
    return _is_of_other_type(choice, place), sum(said.kind in _MISFITS for said in choice), len(choice)


def _is_of_other_type(choice: Sequence[_Said], place: str) -> bool:
    return any(said.of_other_type for said in choice if said.where == place)


def _any_of(choices: Sequence[Sequence[_Said]]) -> _Said:
    """One error that names every type that the value might have had."""
    first = choices[0][0]
    return replace(first, detail="; or: ".join(dict.fromkeys(said.detail for choice in choices for said in choice)))
