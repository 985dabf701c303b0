"""What a segment can ask, as values. `reading` makes them from JSON, `evaluation` says what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Scalar = str | float | bool
TraitOperator = Literal[
    "equals", "not_equals", "in", "exists", "contains", "gt", "gte", "lt", "lte", "before", "after", "within_days"
]
ScoreOperator = Literal["equals", "not_equals", "in", "exists", "gt", "gte", "lt", "lte"]
Comparison = Literal["equals", "not_equals", "gt", "gte", "lt", "lte"]
Measure = Literal["orders", "refunds", "spent", "average_order"]


@dataclass(frozen=True, slots=True)
class Period:
    """A span of time, both ends included: from `start` to `end`, up to `as_of`, and of that the last `days` (before now
    when there is no `as_of`). What is not given does not bound it."""

    start: datetime | None = None
    end: datetime | None = None
    days: float | None = None
    as_of: datetime | None = None

    def bounds(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """First and last instant; None where it is open."""
        starts, ends = [self.start], [self.end, self.as_of]
        if self.days is not None:
            until = self.as_of or now
            starts.append(until - timedelta(days=self.days))
            ends.append(until)
        start = max((each for each in starts if each is not None), default=None)
        return start, min((each for each in ends if each is not None), default=None)

    @property
    def moves(self) -> bool:
        """Whether time alone changes what is in it."""
        return self.days is not None and self.as_of is None


@dataclass(frozen=True, slots=True)
class And:
    """Every one of `conditions` holds."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of `conditions` holds."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`condition` does not hold."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class TraitIs:
    """A trait compared. `values` has one member but for `in` (any number) and `exists` (none); times for
    before and after, days for within_days."""

    key: str
    operator: TraitOperator
    values: tuple[Scalar | datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class PurchasesAre:
    """A measure of the orders in `period` compared with `value`: a count, or money in minor units of `currency`.

    Without a `currency` orders of all are counted; money is never added across currencies. `average_order` is
    net spending per order and holds nothing of somebody without orders.
    """

    measure: Measure
    operator: Comparison
    value: int
    currency: str | None = None
    period: Period = Period()


@dataclass(frozen=True, slots=True)
class LastPurchase:
    """There is a purchase up to `as_of` (or now), and the last one is at most `within` and more than `beyond` days old;
    None asks for neither."""

    within: float | None = None
    beyond: float | None = None
    as_of: datetime | None = None

    def until(self, now: datetime) -> datetime:
        """The instant that ages are counted from."""
        return self.as_of or now


@dataclass(frozen=True, slots=True)
class ScoreIs:
    """A figure of a model's latest score compared; `field` is `value`, `label` or the name of a further figure."""

    model: str
    field: str
    operator: ScoreOperator
    values: tuple[Scalar, ...] = ()


Condition = And | Or | Not | TraitIs | PurchasesAre | LastPurchase | ScoreIs


def parts(condition: Condition) -> Iterator[Condition]:
    """The condition and everything inside it."""
    yield condition
    match condition:
        case And(conditions) | Or(conditions):
            for inner in conditions:
                yield from parts(inner)
        case Not(inner):
            yield from parts(inner)


def moves_with_time(condition: Condition) -> bool:
    """Whether somebody can enter or leave though nothing about them changed."""

    def moves(part: Condition) -> bool:
        match part:
            case PurchasesAre(period=period):
                return period.moves
            case LastPurchase(as_of=as_of):
                return as_of is None
            case TraitIs(operator=operator):
                return operator == "within_days"
        return False

    return any(map(moves, parts(condition)))


Aspect = Literal["traits", "purchases", "scores"]


def aspects(condition: Condition) -> frozenset[Aspect]:
    """What of a profile the condition looks at: changes of anything else cannot move anybody."""

    def aspect(part: Condition) -> Iterator[Aspect]:
        match part:
            case TraitIs():
                yield "traits"
            case PurchasesAre() | LastPurchase():
                yield "purchases"
            case ScoreIs():
                yield "scores"

    return frozenset(found for part in parts(condition) for found in aspect(part))
