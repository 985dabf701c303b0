"""The checker itself: what may change in a contract, and what it must catch."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import pytest

from shared.contracts.compatibility import breaking_changes
from shared.contracts.export import broken_promises


class Line(msgspec.Struct, kw_only=True):
    sku: str
    quantity: int = 1


class Before(msgspec.Struct, kw_only=True):
    order_id: str
    amount: int
    status: Literal["open", "closed"]
    note: str | None = None
    lines: tuple[Line, ...] = ()
    scores: dict[str, float] = {}


_SAME: dict[str, tuple[Any, ...]] = {
    "order_id": (str,),
    "amount": (int,),
    "status": (Literal["open", "closed"],),
    "note": (str | None, None),
    "lines": (tuple[Line, ...], ()),
    "scores": (dict[str, float], {}),
}


def changed(**fields: Any) -> dict[str, Any]:
    """The schema of `Before` with some fields defined anew; None takes one away."""
    kept = {name: definition for name, definition in {**_SAME, **fields}.items() if definition is not None}
    return schema(msgspec.defstruct("After", [(name, *rest) for name, rest in kept.items()], kw_only=True))


def schema(contract: Any) -> dict[str, Any]:
    document = msgspec.json.schema(contract)
    body = document["$defs"][document.pop("$ref").rpartition("/")[2]]
    return {**body, **document}


def line_with(*fields: Any) -> tuple[Any, ...]:
    line = msgspec.defstruct("Line", fields, kw_only=True)
    return (tuple[line, ...], ())  # type: ignore[valid-type]


COMPATIBLE = {
    "nothing": changed(),
    "a new optional field": changed(channel=(str | None, None)),
    "a new optional field of a part": changed(lines=line_with(("sku", str), ("quantity", int, 1), ("name", str, ""))),
}

BREAKING = {
    "a field is removed": (changed(note=None), "/note is gone"),
    "a field is renamed": (changed(order_id=None, order=(str, "")), "/order_id is gone"),
    "a field has another type": (changed(amount=(str,)), "/amount was type integer and became type string"),
    "a field may be null": (changed(amount=(int | None,)), "/amount was type integer and became"),
    "a field may be null no more": (changed(note=(str, "")), "/note"),
    "an optional field is required": (changed(note=(str | None,)), "/note became required"),
    "a required field is optional": (changed(amount=(int, 0)), "/amount became optional"),
    "a new field is required": (changed(currency=(str,)), "/currency is new and required"),
    "a value is added to a list of values": (changed(status=(Literal["open", "closed", "lost"],)), "/status was enum"),
    "absence means something else": (changed(note=(str | None, "-")), "/note means '-' where it is absent, not None"),
    "a part loses a field": (changed(lines=line_with(("sku", str))), "/lines/items/quantity is gone"),
    "a part needs a field": (
        changed(lines=line_with(("sku", str), ("price", int), ("quantity", int, 1))),
        "/lines/items/price is new and required",
    ),
    "values of a map change": (changed(scores=(dict[str, str], {})), "/scores/additionalProperties was"),
}


@pytest.mark.parametrize("after", COMPATIBLE.values(), ids=COMPATIBLE)
def test_additions_that_nobody_must_know_are_compatible(after: dict[str, Any]) -> None:
    assert breaking_changes(schema(Before), after) == []


@pytest.mark.parametrize(("after", "told"), BREAKING.values(), ids=BREAKING)
def test_what_would_break_a_reader_or_a_writer_is_told(after: dict[str, Any], told: str) -> None:
    assert any(sentence.startswith(told) for sentence in breaking_changes(schema(Before), after))


def test_a_type_that_disappears_is_told() -> None:
    assert broken_promises({"rapport.x.done.v1": schema(Before)}, {}) == ["rapport.x.done.v1 is gone"]
