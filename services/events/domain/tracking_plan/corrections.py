"""Declarative corrections of calls: a few steps that mend thousands of calls which are wrong in the same way.

Places are JSON pointers (RFC 6901) to fields of objects. A step that finds nothing at its place changes nothing, so
that one correction suits calls that differ.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from services.events.domain.json_pointers import steps_of
from services.events.domain.tracking_plan.errors import CorrectionRefused

Target = Literal["string", "number", "integer", "boolean"]
_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_MAX_NUMBER = 100
_MISSING = object()
UNCHANGEABLE = frozenset({"messageId", "type", "timestamp", "originalTimestamp", "sentAt"})
"""A call that is corrected stays the same message of the same moment."""


@dataclass(frozen=True, slots=True)
class Rename:
    """Move what is at `path` to `to`."""

    path: str
    to: str


@dataclass(frozen=True, slots=True)
class SetValue:
    """Put `value` at `path`, making the objects that lead there."""

    path: str
    value: Any


@dataclass(frozen=True, slots=True)
class Cast:
    """Turn what is at `path` into another type of JSON."""

    path: str
    to: Target


@dataclass(frozen=True, slots=True)
class Remove:
    """Take away what is at `path`."""

    path: str


Step = Rename | SetValue | Cast | Remove


def corrected(call: Mapping[str, Any], steps: Sequence[Step]) -> dict[str, Any]:
    """A corrected copy of `call`. Raises CorrectionRefused: a value cannot be cast, or a place is no object's field."""
    mended = copy.deepcopy(dict(call))
    for step in steps:
        _take(mended, step)
    check_same(call, mended)
    return mended


def check_same(call: Mapping[str, Any], mended: Mapping[str, Any]) -> None:
    """Raise CorrectionRefused when `mended` is another message than `call`, or of another moment."""
    for name in sorted(UNCHANGEABLE):
        if call.get(name) != mended.get(name):
            raise CorrectionRefused(f"{name} must stay as it was")


def _take(call: dict[str, Any], step: Step) -> None:
    match step:
        case Rename(path, to):
            value = _pop(call, path)
            if value is not _MISSING:
                _put(call, to, value)
        case SetValue(path, value):
            _put(call, path, copy.deepcopy(value))
        case Cast(path, to):
            holder, name = _holder(call, path, make=False)
            if holder is not None and holder.get(name) is not None:
                holder[name] = _cast(holder[name], to, path)
        case Remove(path):
            _pop(call, path)


def _pop(call: dict[str, Any], path: str) -> Any:
    holder, name = _holder(call, path, make=False)
    return _MISSING if holder is None else holder.pop(name, _MISSING)


def _put(call: dict[str, Any], path: str, value: Any) -> None:
    holder, name = _holder(call, path, make=True)
    assert holder is not None
    holder[name] = value


def _holder(call: dict[str, Any], path: str, *, make: bool) -> tuple[dict[str, Any] | None, str]:
    """The object that the field at `path` is in, and the field's name; None where it is missing and not to be made."""
    *way, name = steps_of(path)
    place: Any = call
    for step in way:
        found = place.get(step)
        if found is None and make:
            found = place[step] = {}
        if not isinstance(found, dict):
            if make:
                raise CorrectionRefused(f"{path}: {step} is no object")
            return None, name
        place = found
    return place, name


def _cast(value: Any, to: Target, path: str) -> Any:
    try:
        return _CASTS[to](value)
    except (ValueError, TypeError, OverflowError, KeyError) as error:
        raise CorrectionRefused(f"{path}: this value is no {to}") from error


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise TypeError("neither text nor number")
    return str(value)


def _number(value: Any) -> int | float:
    text = _text(value).strip()
    if isinstance(value, bool) or len(text) > _MAX_NUMBER or "_" in text:
        raise ValueError("no number")
    try:
        return int(text)
    except ValueError:
        number = float(text)
    if number in (float("inf"), float("-inf")) or number != number:
        raise ValueError("no number of JSON")
    return number


def _integer(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise ValueError("has a fraction")
    return int(number)


def _boolean(value: Any) -> bool:
    return _TRUTH[_text(value).strip().lower()]


_CASTS: Mapping[Target, Callable[[Any], Any]] = {
    "string": _text,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
}
