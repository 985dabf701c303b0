"""From a definition in JSON to conditions. The API's schema checked the shape; meaning and size are checked here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
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
    Scalar,
    ScoreIs,
    TraitIs,
    parts,
)
from services.profile.domain.segments.contradictions import refuse_contradictions
from services.profile.domain.terms import MAX_TEXT, comparable, moment_of, term_of

MAX_DEPTH = 8
MAX_PARTS = 200
MAX_VALUES = 10_000
"""Values that one definition compares with, in all its conditions: a database takes some 30,000 in a question."""

MAX_DAYS = 36_500
_ROOT = "/definition"
_Json = Mapping[str, Any]
_NO_VALUE = "exists takes no value; leave it out"
DAYS = f"a number of days from 0 to {MAX_DAYS}, such as 7"
MOMENT = "an ISO 8601 date or time from the year 1000 on, such as 2026-01-31 or 2026-01-31T09:30:00Z"
_NUMERIC = frozenset({"gt", "gte", "lt", "lte"})


def read_condition(definition: _Json) -> Condition:
    """The condition that `definition` states. Raises InvalidCondition, which names the place in it."""
    condition = _read(definition, _ROOT, 1)
    if sum(1 for _ in parts(condition)) > MAX_PARTS:
        raise InvalidCondition(_ROOT, f"more than {MAX_PARTS} conditions")
    return condition


def read_new_condition(definition: _Json) -> Condition:
    """The same of a definition that somebody just wrote: one that contradicts itself, or lists too much, is refused,
    too. Those that were kept before this was asked are still read, and mean what they meant."""
    condition = read_condition(definition)
    if sum(len(part.values) for part in parts(condition) if isinstance(part, TraitIs | ScoreIs)) > MAX_VALUES:
        reason = f"more than {MAX_VALUES:,} values in all; give those customers a trait, and ask for that"
        raise InvalidCondition(_ROOT, reason)
    refuse_contradictions(condition, _ROOT)
    return condition


def _read(json: _Json, path: str, depth: int) -> Condition:
    if depth > MAX_DEPTH:
        raise InvalidCondition(path, f"nested deeper than {MAX_DEPTH}")
    kind = json["type"]
    if kind in ("and", "or"):
        inner = tuple(
            _read(each, f"{path}/conditions/{place}", depth + 1) for place, each in enumerate(json["conditions"])
        )
        return And(inner) if kind == "and" else Or(inner)
    if kind == "not":
        return Not(_read(json["condition"], f"{path}/condition", depth + 1))
    return _LEAVES[kind](json, path)


def _trait(json: _Json, path: str) -> TraitIs:
    key, operator, value, place = json["key"], json["operator"], json.get("value"), f"{path}/value"
    match operator:
        case "exists":
            _want(value is None, place, _NO_VALUE)
            return TraitIs(key, operator)
        case "before" | "after":
            return TraitIs(key, operator, (_moment(value, place, end_of_day=operator == "after"),))
        case "within_days":
            days = _days(value, place)
            _want(days is not None, place, f"within_days needs {DAYS}")
            return TraitIs(key, operator, () if days is None else (days,))
        case _:
            return TraitIs(key, operator, _operands(operator, value, place, key=key))


def _score(json: _Json, path: str) -> ScoreIs:
    model, field, operator, value = json["model"], json["field"], json["operator"], json.get("value")
    if operator == "exists":
        _want(value is None, f"{path}/value", _NO_VALUE)
        return ScoreIs(model, field, operator)
    return ScoreIs(model, field, operator, _operands(operator, value, f"{path}/value"))


def _purchases(json: _Json, path: str) -> PurchasesAre:
    money = json["measure"] in ("spent", "average_order")
    needed = f"{json['measure']} needs a currency, such as EUR: several are never added"
    _want(not money or json.get("currency"), f"{path}/currency", needed)
    between = json.get("between") or {}
    period = Period(
        start=_perhaps(between.get("from"), f"{path}/between/from"),
        end=_perhaps(between.get("to"), f"{path}/between/to", end_of_day=True),
        days=_days(json.get("within_days"), f"{path}/within_days"),
        as_of=_perhaps(json.get("as_of"), f"{path}/as_of", end_of_day=True),
    )
    return PurchasesAre(json["measure"], json["operator"], json["value"], json.get("currency"), period)


def _last_purchase(json: _Json, path: str) -> LastPurchase:
    return LastPurchase(
        within=_days(json.get("within_days"), f"{path}/within_days"),
        beyond=_days(json.get("more_than_days_ago"), f"{path}/more_than_days_ago"),
        as_of=_perhaps(json.get("as_of"), f"{path}/as_of", end_of_day=True),
    )


_LEAVES: Mapping[str, Callable[[_Json, str], Condition]] = {
    "trait": _trait,
    "score": _score,
    "purchases": _purchases,
    "last_purchase": _last_purchase,
}


def _operands(operator: str, value: Any, path: str, *, key: str = "") -> tuple[Scalar, ...]:
    """What is compared with; a text as the trait `key` is compared."""
    values = tuple(value) if isinstance(value, list) else (value,)
    _want(isinstance(value, list) == (operator == "in"), path, "in takes a list, every other operator one value")
    _want(bool(values), path, "in needs at least one value")
    values = tuple(comparable(key, each) for each in values)
    for each in values:
        _want(each is not None, path, f"{operator} needs a value")
        _want(not isinstance(each, str) or len(each) <= MAX_TEXT, path, f"texts have at most {MAX_TEXT} characters")
        if operator in _NUMERIC:
            _want(_is_number(each), path, f"{operator} compares numbers, written without quotes")
    return tuple(_scalar(each, path) for each in values)


def _scalar(value: Any, path: str) -> Scalar:
    """Numbers become what traits hold: finite floating point."""
    if isinstance(value, str | bool):
        return value
    number = term_of(value).number
    if number is None:
        raise InvalidCondition(path, "a number out of range")
    return number


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _days(value: Any, path: str) -> float | None:
    if value is None:
        return None
    _want(_is_number(value) and 0 <= value <= MAX_DAYS, path, f"must be {DAYS}")
    return float(value)


def _perhaps(value: Any, path: str, *, end_of_day: bool = False) -> datetime | None:
    return None if value is None else _moment(value, path, end_of_day=end_of_day)


def _moment(value: Any, path: str, *, end_of_day: bool = False) -> datetime:
    moment = moment_of(value, end_of_day=end_of_day) if isinstance(value, str) else None
    if moment is None or value.startswith("0"):  # days are counted back from it, and time begins with the year 1
        raise InvalidCondition(path, f"must be {MOMENT}")
    return moment


def _want(right: object, path: str, reason: str) -> None:
    if not right:
        raise InvalidCondition(path, reason)
