"""Definitions that could hold of nobody, whatever is known: slips of the pen, which would pass for an empty segment.

Only ranges are looked at: those within one condition, and two bounds of one figure that stand in the same `and`.
Nothing is deduced from conditions further apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

from services.profile.domain.errors import InvalidCondition
from services.profile.domain.segments.conditions import (
    And,
    Condition,
    LastPurchase,
    Not,
    Or,
    Period,
    PurchasesAre,
    ScoreIs,
    TraitIs,
)

_LOWER = frozenset({"gt", "gte", "after"})
_UPPER = frozenset({"lt", "lte", "before"})
_STRICT = frozenset({"gt", "lt", "after", "before"})
_COUNTS = frozenset({"orders", "refunds"})
_TICK = timedelta(microseconds=1)


def refuse_contradictions(condition: Condition, path: str) -> None:
    """Raise InvalidCondition, which names the place below `path`, for a range that is empty."""
    match condition:
        case And(conditions) | Or(conditions):
            for place, inner in enumerate(conditions):
                refuse_contradictions(inner, f"{path}/conditions/{place}")
            if isinstance(condition, And):
                _check_neighbours(conditions, path)
        case Not(inner):
            refuse_contradictions(inner, f"{path}/condition")
        case PurchasesAre():
            _check_period(condition.period, path)
            _check_count(condition, path)
        case LastPurchase(within, beyond):
            if within is not None and beyond is not None and within <= beyond:
                ages = f"within {within:g} days and more than {beyond:g} days ago"
                reason = f"no purchase is {ages} at once: `within_days` must be larger than `more_than_days_ago`"
                raise InvalidCondition(path, reason)


def _check_period(period: Period, path: str) -> None:
    if period.start is not None and period.end is not None and period.start > period.end:
        reason = "`from` is later than `to`, so that no order lies between; the earlier time is `from`"
        raise InvalidCondition(f"{path}/between", reason)
    if period.as_of is None:
        return
    start, end = period.bounds(period.as_of)
    if start is not None and end is not None and start > end:
        reason = (
            "`between`, `within_days` and `as_of` have no time in common, so that no order counts; let them overlap"
        )
        raise InvalidCondition(path, reason)


def _check_count(condition: PurchasesAre, path: str) -> None:
    if condition.measure not in _COUNTS:
        return
    least = {"lt": 1, "lte": 0, "equals": 0}.get(condition.operator)
    if least is not None and condition.value < least:
        reason = (
            f"a number of {condition.measure} is never below 0; what {condition.operator} asks for is {least} or more"
        )
        raise InvalidCondition(f"{path}/value", reason)


@dataclass(frozen=True, slots=True)
class _Bound:
    """One end of a range of what is `measured`; its values lie at least `step` apart."""

    measured: object
    operator: str
    at: Any
    step: Any


def _check_neighbours(conditions: Sequence[Condition], path: str) -> None:
    """All hold together, so that two bounds of one figure are the ends of a range."""
    bounds = [(place, bound) for place, each in enumerate(conditions) if (bound := _bound(each)) is not None]
    for (first, one), (second, other) in combinations(bounds, 2):
        if one.measured == other.measured and _is_empty(one, other):
            both = f"{_told(other)} here and {_told(one)} in {path}/conditions/{first} leave no value between them"
            reason = f"{both}; exchange the two, or join them with `or`"
            raise InvalidCondition(f"{path}/conditions/{second}", reason)


def _bound(condition: Condition) -> _Bound | None:
    match condition:
        case TraitIs(key, "after" | "before" as operator, (moment,)):
            return _Bound((key, "moment"), operator, moment, _TICK)
        case TraitIs(key, operator, (value,)) if operator in _LOWER | _UPPER:
            return _Bound((key, "number"), operator, value, 0)
        case ScoreIs(model, field, operator, (value,)) if operator in _LOWER | _UPPER:
            return _Bound((model, field, "figure"), operator, value, 0)
        case PurchasesAre(measure, operator, value) if operator in _LOWER | _UPPER:
            alike = replace(condition, operator="equals", value=0)
            return _Bound(alike, operator, value, 0 if measure == "average_order" else 1)
    return None


def _is_empty(one: _Bound, other: _Bound) -> bool:
    lower, upper = (one, other) if one.operator in _LOWER else (other, one)
    if lower.operator not in _LOWER or upper.operator not in _UPPER:
        return False
    room = upper.at - lower.at
    strict = (lower.operator in _STRICT) + (upper.operator in _STRICT)
    return bool(room < strict * lower.step or (strict and not room))


def _told(bound: _Bound) -> str:
    at = bound.at.isoformat() if isinstance(bound.at, datetime) else f"{bound.at:.15g}"
    return f"{bound.operator} {at}"
