"""Schemas that are taken, judgements of calls, and corrections."""

from __future__ import annotations

import copy
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.events.adapters.json_schema.allowance import Allowance
from services.events.adapters.json_schema.validators import MASK, compile_schema
from services.events.domain.tracking_plan.corrections import Cast, Remove, Rename, SetValue, corrected
from services.events.domain.tracking_plan.empty_ranges import refuse_empty_ranges
from services.events.domain.tracking_plan.errors import CorrectionRefused, SchemaRefused
from services.events.domain.tracking_plan.plans import Check, Mode, Plan, PlanBook, Rule, Violation
from services.events.domain.tracking_plan.schema_limits import check_limits

NOW = datetime(2026, 1, 1, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
CALLS = st.dictionaries(st.sampled_from(["properties", "context", "event", "a"]), JSON, max_size=4)


def doubling(levels: int) -> dict[str, Any]:
    """A short schema that unfolds into 2 ** levels parts."""
    definitions: dict[str, Any] = {
        f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}, {"$ref": f"#/$defs/d{n + 1}"}]} for n in range(levels)
    }
    return {"$ref": "#/$defs/d0", "$defs": {**definitions, f"d{levels}": {"type": "string"}}}


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(levels):
        schema = {"properties": {"x": schema}}
    return schema


HOSTILE = {
    "fetched": {"$ref": "http://169.254.169.254/latest"},
    "a file": {"$ref": "file:///etc/passwd"},
    "another base": {"$id": "http://example.com/", "$ref": "x"},
    "endless": {"$ref": "#"},
    "endless in a circle": {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
    "endless in a list": {"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}},
    "nowhere": {"$ref": "#/$defs/none"},
    "an anchor": {"$anchor": "a"},
    "dynamic": {"$dynamicRef": "#a"},
    "an older draft": {"$schema": "http://json-schema.org/draft-04/schema#"},
    "a bomb": doubling(40),
    "a bomb in a default": {"$ref": "#/default", "default": doubling(40)["$defs"] | {"$ref": "#/default"}},
    "too deep": nested(60),
    "too many parts": {"properties": {str(n): {} for n in range(5_000)}},
}


@pytest.mark.parametrize("schema", HOSTILE.values(), ids=HOSTILE)
def test_schemas_that_fetch_or_never_end_are_refused(schema: dict[str, Any]) -> None:
    began = time.process_time()
    with pytest.raises(SchemaRefused):
        check_limits(schema)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nothing"},
        {"pattern": r"(a)\1"},
        {"pattern": "(?=a)"},
        {"pattern": "(a{1000}){1000}"},
        {"pattern": "["},
        {"required": "a"},
        {"properties": {"a": 5}},
        {"minLength": -1},
    ],
    ids=str,
)
def test_what_is_no_schema_or_needs_backtracking_is_refused(schema: dict[str, Any]) -> None:
    check_limits(schema)
    with pytest.raises(SchemaRefused):
        compile_schema(schema)


def test_a_pattern_that_would_explode_by_backtracking_takes_no_time() -> None:
    check = compile_schema({"properties": {"event": {"pattern": "^(a+)+$"}}})
    began = time.process_time()
    assert [each.keyword for each in check({"event": "a" * 30_000 + "!"})] == ["pattern"]
    assert time.process_time() - began < 1


ALTERNATIVES = {"properties": {"x": {"items": {"anyOf": [{"const": str(n)} for n in range(20)]}}}}


def test_a_call_that_is_wrong_in_thousands_of_places_takes_no_time() -> None:
    check = compile_schema(ALTERNATIVES)
    began = time.process_time()
    (told,) = check({"x": [-1] * 15_000})
    assert (told.pointer, told.keyword) == ("/x/*", "anyOf")
    assert time.process_time() - began < 1


def test_everything_that_is_wrong_is_told_while_there_is_time_for_it() -> None:
    schema = {"required": ["a"], "properties": {"x": {"type": "string"}}}
    assert len(compile_schema(schema)({"x": 1})) == 2
    assert len(compile_schema(schema, allowance=Allowance(0, 0))({"x": 1})) == 1
    assert compile_schema(schema, allowance=Allowance(0, 0))({"x": "1", "a": 1}) == ()


def test_what_was_spent_fills_up_again() -> None:
    now = 0.0
    allowance = Allowance(1.0, 0.1, clock=lambda: now)
    with allowance.spending():
        now += 3
    assert not allowance.is_left()
    now += 16
    assert not allowance.is_left()
    now += 2
    assert allowance.is_left()
    now += 1_000
    assert allowance.is_left()
    with allowance.spending():
        now += 1.5
    assert not allowance.is_left()


def test_references_that_lead_inside_are_followed() -> None:
    schema = {"properties": {"event": {"$ref": "#/$defs/a~1b"}}, "$defs": {"a/b": {"type": "string"}}}
    check_limits(schema)
    assert compile_schema(schema)({"event": 1}) == (Violation("/event", "type", f'{MASK} is not of type "string"'),)
    check_limits(doubling(8))


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ({"minimum": 5, "maximum": 3}, "/maximum"),
        ({"properties": {"a/b": {"exclusiveMinimum": 3, "maximum": 3}}}, "/properties/a~1b/maximum"),
        ({"anyOf": [{}, {"items": {"minLength": 2, "maxLength": 1}}]}, "/anyOf/1/items/maxLength"),
        ({"$defs": {"x": {"minItems": 2, "maxItems": 1}}, "$ref": "#/$defs/x"}, "/$defs/x/maxItems"),
    ],
    ids=str,
)
def test_bounds_that_leave_nothing_between_them_are_refused_where_they_are(
    schema: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(SchemaRefused, match="exchange the two") as refused:
        refuse_empty_ranges(schema)
    assert refused.value.pointer == pointer


@pytest.mark.parametrize(
    "schema",
    [
        {"minimum": 3, "maximum": 3},
        {"properties": {"minimum": {"type": "number"}, "maximum": {}}},
        {"const": {"minimum": 5, "maximum": 3}},
        {"minimum": 5, "maxLength": 3, "properties": {"a": {"maximum": 3}}},
    ],
    ids=str,
)
def test_what_only_looks_like_an_empty_range_is_taken(schema: dict[str, Any]) -> None:
    refuse_empty_ranges(schema)


@given(JSON)
def test_any_json_is_a_schema_or_refused(value: Any) -> None:
    schema = {"properties": {"a": value}, "$defs": {"b": value}, "$ref": "#/$defs/b"}
    try:
        check_limits(schema)
        check = compile_schema(schema)
        refuse_empty_ranges(schema)
    except SchemaRefused:
        return
    check({"a": 1})


@given(CALLS)
def test_a_check_says_nothing_exactly_when_the_call_is_right(call: dict[str, Any]) -> None:
    check = compile_schema({"required": ["event"], "properties": {"event": {"type": "string"}}})
    assert (check(call) == ()) == isinstance(call.get("event"), str)


def test_violations_name_places_and_never_values() -> None:
    check = compile_schema(
        {
            "properties": {
                "properties": {
                    "required": ["order/id"],
                    "properties": {"products": {"items": {"properties": {"price": {"type": "number"}}}}},
                }
            }
        }
    )
    found = check({"properties": {"products": [{"price": "secret"}, {"price": "secret"}]}})
    assert {(each.pointer, each.keyword) for each in found} == {
        ("/properties/order~1id", "required"),
        ("/properties/products/*/price", "type"),
    }
    assert not any("secret" in each.message for each in found)


def plan(mode: Mode, unplanned: Mode = "allow", sources: frozenset[str] | None = None, plan_id: str = "p") -> Plan:
    return Plan(
        id=plan_id, name="n", source_ids=sources, mode=mode, unplanned=unplanned, created_at=NOW, updated_at=NOW
    )


def rule(event: str | None, version: int = 1, kind: Any = "track") -> Rule:
    return Rule(
        id=f"{kind}-{event}-{version}",
        plan_id="p",
        kind=kind,
        event=event,
        version=version,
        schema={},
        description="",
        created_at=NOW,
    )


def wrong(keyword: str) -> Check:
    return lambda call: (Violation("/x", keyword, "wrong"),)


def keywords(book: PlanBook, event: str | None, **about: Any) -> list[str]:
    stated = {"source_id": "s", "kind": "track", "version": None, **about}
    verdict = book.judge(dict, event=event, **stated)
    return [breach.violation.keyword for breach in verdict.breaches] if verdict else []


def test_the_version_that_a_call_names_counts_or_else_the_newest() -> None:
    book = PlanBook([(plan("flag"), [(rule("A", 1), wrong("one")), (rule("A", 2), wrong("two"))])])
    for version, expected in (
        (None, "two"),
        (1, "one"),
        ("1", "one"),
        (2, "two"),
        (9, "two"),
        (True, "two"),
        ("x", "two"),
    ):
        assert keywords(book, "A", version=version) == [expected]


def test_a_plan_binds_its_sources_only_and_the_strictest_decides() -> None:
    every = (plan("flag", plan_id="all"), [(rule("A"), wrong("w"))])
    one = (plan("block", sources=frozenset({"s"}), plan_id="one"), [(rule("A"), wrong("w"))])
    book = PlanBook([every, one])
    for source, mode in (("s", "block"), ("other", "flag")):
        verdict = book.judge(dict, source_id=source, kind="track", event="A", version=None)
        assert verdict is not None
        assert verdict.mode == mode


def test_unplanned_is_about_track_calls_and_the_call_is_not_read_for_it() -> None:
    def unread() -> dict[str, Any]:
        raise AssertionError("the call was read for nothing")

    book = PlanBook(
        [(plan("allow", unplanned="block"), [(rule("A"), wrong("w")), (rule(None, kind="page"), wrong("p"))])]
    )
    verdict = book.judge(unread, source_id="s", kind="track", event="B", version=None)
    assert verdict is not None
    assert (verdict.mode, verdict.breaches[0].violation.keyword) == ("block", "unplanned")
    assert book.judge(unread, source_id="s", kind="identify", event=None, version=None) is None
    assert keywords(book, "Home", kind="page") == ["p"]
    assert not PlanBook(())


def test_steps_mend_a_call() -> None:
    call = {
        "messageId": "m",
        "type": "track",
        "properties": {"orderId": "7", "total": "12.50", "old": 1, "gift": "yes"},
    }
    steps = [
        Rename("/properties/orderId", "/properties/order/id"),
        Cast("/properties/order/id", "integer"),
        Cast("/properties/total", "number"),
        Cast("/properties/gift", "boolean"),
        Remove("/properties/old"),
        SetValue("/context/shop", {"id": "tpe"}),
        Rename("/none", "/some"),
        Cast("/none", "number"),
        Remove("/properties/none/deep"),
    ]
    assert corrected(call, steps) == {
        "messageId": "m",
        "type": "track",
        "properties": {"order": {"id": 7}, "total": 12.5, "gift": True},
        "context": {"shop": {"id": "tpe"}},
    }


@pytest.mark.parametrize(
    "step",
    [
        SetValue("/messageId", "other"),
        Remove("/messageId"),
        Rename("/timestamp", "/elsewhere"),
        SetValue("/type", "page"),
        Cast("/event", "number"),
        Cast("/properties", "string"),
        SetValue("/event/x", 1),
        Cast("/nan", "number"),
        Cast("/huge", "integer"),
    ],
    ids=str,
)
def test_a_step_makes_no_other_message_and_no_nonsense(step: Any) -> None:
    call = {"messageId": "m", "type": "track", "event": "E", "timestamp": "2026", "nan": "nan", "huge": "1e999"}
    before = copy.deepcopy(call)
    with pytest.raises(CorrectionRefused):
        corrected({**call, "properties": {}}, [step])
    assert call == before


POINTERS = st.lists(st.sampled_from(["properties", "event", "a", "b"]), min_size=1, max_size=3).map(
    lambda tokens: "/" + "/".join(tokens)
)
STEPS = (
    st.builds(Rename, POINTERS, POINTERS)
    | st.builds(SetValue, POINTERS, JSON)
    | st.builds(Remove, POINTERS)
    | st.builds(Cast, POINTERS, st.sampled_from(["string", "number", "integer", "boolean"]))
)


@given(CALLS, st.lists(STEPS, max_size=5))
def test_any_steps_leave_the_call_alone_that_they_are_taken_with(call: dict[str, Any], steps: list[Any]) -> None:
    call = {**call, "messageId": "m"}
    before = copy.deepcopy(call)
    try:
        mended = corrected(call, steps)
    except CorrectionRefused:
        pass
    else:
        assert mended["messageId"] == "m"
    assert call == before
