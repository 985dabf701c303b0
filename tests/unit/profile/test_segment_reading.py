from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.profile.domain.errors import InvalidCondition
from services.profile.domain.orders import OrderRecord, Placement
from services.profile.domain.segments.conditions import aspects, moves_with_time
from services.profile.domain.segments.evaluation import Customer, holds
from services.profile.domain.segments.reading import (
    MAX_DAYS,
    MAX_DEPTH,
    MAX_PARTS,
    MAX_VALUES,
    read_condition,
    read_new_condition,
)
from services.profile.domain.terms import MAX_TEXT, trait_term

START = datetime(2026, 1, 1, tzinfo=UTC)
TRAIT: dict[str, Any] = {"type": "trait", "key": "city", "operator": "equals", "value": "Taipei"}


def deep(levels: int) -> dict[str, Any]:
    return TRAIT if levels == 1 else {"type": "not", "condition": deep(levels - 1)}


@pytest.mark.parametrize(
    ("definition", "path"),
    [
        (deep(MAX_DEPTH + 1), "/definition" + "/condition" * MAX_DEPTH),
        ({"type": "or", "conditions": [TRAIT] * MAX_PARTS}, "/definition"),
        ({**TRAIT, "operator": "gt"}, "/definition/value"),
        ({**TRAIT, "operator": "gt", "value": True}, "/definition/value"),
        ({**TRAIT, "operator": "in"}, "/definition/value"),
        ({**TRAIT, "value": ["a"]}, "/definition/value"),
        ({**TRAIT, "value": None}, "/definition/value"),
        ({**TRAIT, "operator": "exists"}, "/definition/value"),
        ({**TRAIT, "operator": "before", "value": "yesterday"}, "/definition/value"),
        ({**TRAIT, "operator": "within_days", "value": "7"}, "/definition/value"),
        ({**TRAIT, "operator": "equals", "value": 10**400}, "/definition/value"),
        ({"type": "last_purchase", "within_days": 1, "as_of": "2011"}, "/definition/as_of"),
        ({"type": "last_purchase", "within_days": 36_500, "as_of": "0001-01-01"}, "/definition/as_of"),
        ({"type": "last_purchase", "as_of": "0999-12-31T23:59:59-12:00"}, "/definition/as_of"),
        ({"type": "purchases", "measure": "spent", "operator": "gt", "value": 1}, "/definition/currency"),
        ({"type": "and", "conditions": [TRAIT, {**TRAIT, "operator": "gt"}]}, "/definition/conditions/1/value"),
    ],
)
def test_what_means_nothing_is_refused_where_it_stands(definition: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidCondition) as refused:
        read_condition(definition)
    assert refused.value.path == path


def listing(values: int) -> dict[str, Any]:
    """Conditions of up to 1,000 values, no two of them alike."""
    names = [str(number) for number in range(values)]
    some = [{**TRAIT, "operator": "in", "value": names[start : start + 1_000]} for start in range(0, values, 1_000)]
    return {"type": "or", "conditions": some}


def test_a_new_definition_lists_no_more_than_a_database_takes() -> None:
    assert read_new_condition(listing(MAX_VALUES))
    with pytest.raises(InvalidCondition) as refused:
        read_new_condition(listing(MAX_VALUES + 1))
    assert refused.value.path == "/definition"
    assert read_condition(listing(MAX_VALUES + 1)), "one that was kept before is still read"


@pytest.mark.parametrize(
    ("key", "known", "asked", "alike"),
    [
        ("city", "Orle\u0301ans", "Orl\u00e9ans", True),
        ("city", "Orl\u00e9ans", "Orle\u0301ans", True),
        ("city", "Taipei", "taipei", False),
        ("email", "Jane.Smith@Example.COM", "jane.smith@example.com", True),
        ("email", "jane@b\u00fccher.example", " JANE@xn--bcher-kva.example ", True),
        ("email", "Not An Address", "not an address", True),
        ("work_email", "Jane@example.com", "jane@example.com", False),
    ],
)
def test_texts_are_compared_as_people_read_them_and_addresses_as_names(
    key: str, known: str, asked: str, alike: bool
) -> None:
    for operator, value in (("equals", asked), ("in", [asked]), ("contains", asked)):
        condition = read_condition({"type": "trait", "key": key, "operator": operator, "value": value})
        assert holds(condition, Customer({key: trait_term(key, known)}, [], {}), START) is alike
    listed = read_condition({"type": "trait", "key": key, "operator": "contains", "value": asked})
    assert holds(listed, Customer({key: trait_term(key, ["x", known])}, [], {}), START) is alike


def test_a_text_that_grows_past_the_limit_is_refused() -> None:
    with pytest.raises(InvalidCondition):
        read_condition({**TRAIT, "value": "\u0958" * MAX_TEXT})


def test_days_are_counted_back_from_the_earliest_moment() -> None:
    condition = read_condition({"type": "last_purchase", "within_days": MAX_DAYS, "as_of": "1000-01-01T00:00:00Z"})
    order = OrderRecord("1", START, Placement(START, "t", "TWD", 100))
    assert not holds(condition, Customer({}, [order], {}), START)


def test_the_deepest_definition_is_read() -> None:
    assert aspects(read_condition(deep(MAX_DEPTH))) == {"traits"}


@pytest.mark.parametrize(
    ("definition", "moves"),
    [
        (TRAIT, False),
        ({**TRAIT, "operator": "within_days", "value": 7}, True),
        ({"type": "last_purchase", "within_days": 7}, True),
        ({"type": "last_purchase", "within_days": 7, "as_of": "2011-12-09"}, False),
        ({"type": "not", "condition": {"type": "last_purchase", "within_days": 7}}, True),
        ({"type": "purchases", "measure": "orders", "operator": "gt", "value": 1, "within_days": 30}, True),
        ({"type": "purchases", "measure": "orders", "operator": "gt", "value": 1}, False),
    ],
)
def test_what_moves_with_time(definition: dict[str, Any], moves: bool) -> None:
    assert moves_with_time(read_condition(definition)) is moves
