"""New definitions that could hold of nobody are refused; those that were kept before are still read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profile.domain.errors import InvalidCondition
from services.profile.domain.orders import OrderRecord, Placement
from services.profile.domain.segments.evaluation import Customer, holds
from services.profile.domain.segments.reading import read_condition, read_new_condition
from services.profile.domain.terms import term_of

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=9)
AGE: dict[str, Any] = {"type": "trait", "key": "age"}
BORN: dict[str, Any] = {"type": "trait", "key": "born"}
VALUE: dict[str, Any] = {"type": "score", "model": "rfm", "field": "value"}
ORDERS: dict[str, Any] = {"type": "purchases", "measure": "orders"}
SOME: dict[str, Any] = {**ORDERS, "operator": "gte", "value": 1}
LAST: dict[str, Any] = {"type": "last_purchase"}
BACKWARDS: dict[str, Any] = {**SOME, "between": {"from": "2026-01-04", "to": "2026-01-02"}}


def both(*conditions: dict[str, Any], kind: str = "and") -> dict[str, Any]:
    return {"type": kind, "conditions": list(conditions)}


def bound(operator: str, value: Any, of: dict[str, Any]) -> dict[str, Any]:
    return {**of, "operator": operator, "value": value}


def is_refused(definition: dict[str, Any]) -> bool:
    try:
        read_new_condition(definition)
    except InvalidCondition:
        return True
    return False


@pytest.mark.parametrize(
    ("definition", "path", "told"),
    [
        (BACKWARDS, "/definition/between", "`from` is later than `to`"),
        (
            {**SOME, "between": {"from": "2026-01-04", "to": "2026-01-05"}, "as_of": "2026-01-03"},
            "/definition",
            "as_of",
        ),
        (
            {**SOME, "between": {"from": "2026-01-01", "to": "2026-01-02"}, "within_days": 2, "as_of": "2026-01-09"},
            "/definition",
            "no time in common",
        ),
        ({**LAST, "within_days": 7, "more_than_days_ago": 30}, "/definition", "larger than `more_than_days_ago`"),
        ({**LAST, "within_days": 7, "more_than_days_ago": 7}, "/definition", "larger than `more_than_days_ago`"),
        (bound("lt", 0, ORDERS), "/definition/value", "never below 0"),
        (bound("equals", -1, {**ORDERS, "measure": "refunds"}), "/definition/value", "never below 0"),
        (both(bound("gte", 5, ORDERS), bound("lte", 2, ORDERS)), "/definition/conditions/1", "gte 5"),
        (both(bound("gt", 10, AGE), SOME, bound("lt", 5, AGE)), "/definition/conditions/2", "gt 10"),
        (both(bound("lt", 0.5, VALUE), bound("gte", 0.5, VALUE)), "/definition/conditions/1", "lt 0.5"),
        (
            both(bound("before", "2026-01-05", BORN), bound("after", "2026-01-04", BORN)),
            "/definition/conditions/1",
            "before 2026-01-05T00:00:00+00:00",
        ),
        ({"type": "not", "condition": BACKWARDS}, "/definition/condition/between", "`from`"),
        (both(SOME, BACKWARDS, kind="or"), "/definition/conditions/1/between", "`from`"),
    ],
)
def test_what_could_hold_of_nobody_is_refused_where_it_stands(definition: Any, path: str, told: str) -> None:
    with pytest.raises(InvalidCondition) as refused:
        read_new_condition(definition)
    assert refused.value.path == path
    assert told in refused.value.reason
    read_condition(definition)


@pytest.mark.parametrize(
    "definition",
    [
        {**SOME, "between": {"from": "2026-01-04", "to": "2026-01-04"}},
        {**SOME, "between": {"from": "2026-01-01", "to": "2026-01-02"}, "within_days": 2},
        {**SOME, "between": {"from": "2026-01-04", "to": "2026-01-08"}, "within_days": 3, "as_of": "2026-01-09"},
        {**LAST, "within_days": 30, "more_than_days_ago": 7},
        {**LAST, "within_days": 0},
        bound("lte", 0, ORDERS),
        bound("not_equals", -1, ORDERS),
        bound("lt", 0, {**ORDERS, "measure": "spent", "currency": "TWD"}),
        both(bound("gte", 5, ORDERS), bound("lte", 2, ORDERS), kind="or"),
        both(bound("gte", 5, ORDERS), bound("lte", 2, {**ORDERS, "within_days": 30})),
        both(bound("gte", 5, ORDERS), bound("lte", 2, {**ORDERS, "currency": "TWD"})),
        both(bound("gt", 10, AGE), bound("lt", 5, {**AGE, "key": "visits"})),
        both(bound("gt", 10, VALUE), bound("lt", 5, {**VALUE, "model": "lifetime_value"})),
        both(bound("after", "2026-01-04", BORN), bound("before", "2026-01-06", BORN)),
        both(bound("after", "9999-12-31", BORN), bound("gt", 5, BORN)),
        both(bound("gt", 1e308, AGE), bound("gt", -1e308, AGE)),
    ],
)
def test_what_could_hold_of_somebody_is_taken(definition: dict[str, Any]) -> None:
    assert read_new_condition(definition) == read_condition(definition)


operators = st.sampled_from(["gt", "gte", "lt", "lte"])
few = st.integers(-2, 4)


@given(first=st.tuples(operators, few), second=st.tuples(operators, few), of=st.sampled_from(["trait", "orders"]))
def test_two_bounds_are_refused_exactly_if_no_value_lies_between(
    first: tuple[str, int], second: tuple[str, int], of: str
) -> None:
    definition = both(*(bound(*each, of=AGE if of == "trait" else ORDERS) for each in (first, second)))
    ages = [Customer({"age": term_of(half / 2)}, [], {}) for half in range(-20, 20)]
    buyers = [Customer({}, [order(START, number) for number in range(count)], {}) for count in range(20)]
    condition = read_condition(definition)
    assert is_refused(definition) is not any(holds(condition, one, NOW) for one in (ages if of == "trait" else buyers))


hours = st.integers(0, 5).map(lambda number: START + timedelta(hours=number))


@given(first=hours, second=hours, as_of=st.none() | hours, hours_back=st.none() | st.integers(0, 5))
def test_a_period_is_refused_exactly_if_no_order_could_lie_in_it(
    first: datetime, second: datetime, as_of: datetime | None, hours_back: int | None
) -> None:
    definition = {**SOME, "between": {"from": first.isoformat(), "to": second.isoformat()}}
    definition |= {} if as_of is None else {"as_of": as_of.isoformat()}
    definition |= {} if as_of is None or hours_back is None else {"within_days": hours_back / 24}
    condition = read_condition(definition)
    moments = [START + timedelta(hours=number) for number in range(-1, 8)]
    assert is_refused(definition) is not any(
        holds(condition, Customer({}, [order(moment)], {}), NOW) for moment in moments
    )


@given(within=st.integers(0, 5), beyond=st.integers(0, 5))
def test_ages_of_the_last_purchase_are_refused_exactly_if_none_lies_between(within: int, beyond: int) -> None:
    definition = {**LAST, "within_days": within, "more_than_days_ago": beyond, "as_of": "2026-01-09T00:00:00Z"}
    condition = read_condition(definition)
    buyers = [Customer({}, [order(START + timedelta(hours=6 * number))], {}) for number in range(40)]
    assert is_refused(definition) is not any(holds(condition, buyer, NOW) for buyer in buyers)


def order(at: datetime, number: int = 0) -> OrderRecord:
    return OrderRecord(str(number), at, Placement(at, "t", "TWD", 100))
