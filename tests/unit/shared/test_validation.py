"""What a caller hears of a request that does not fit: of several things that a value may be, that which was meant."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError, model_validator

from shared.http.patterns import worded
from shared.http.schemas import InWords
from shared.http.validation import what_is_wrong


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Column(Strict):
    from_: str = Field(alias="from")
    form: int = 0

    @model_validator(mode="after")
    def _is_short(self) -> Column:
        if self.from_ == "long":
            raise ValueError("too long")
        return self


class Each(Strict):
    for_each: str
    item: dict[str, Place]


Place = Annotated[str, Field(pattern="^/"), InWords("a place such as /a")] | Column | StrictBool
Each.model_rebuild()


class Mapping(Strict):
    event: Place
    properties: dict[str, Place | Each] = Field(default_factory=dict)


def wrong(body: Any) -> list[tuple[str, str]]:
    try:
        Mapping.model_validate(body)
    except ValidationError as error:
        return what_is_wrong([{**each, "loc": ("body", *each["loc"])} for each in error.errors()], body)
    return []


def of(value: Any) -> list[tuple[str, str]]:
    return wrong({"event": True, "properties": {"a/b": value}})


@pytest.mark.parametrize(
    ("value", "where", "says"),
    [
        ("a", "", "must be a place such as /a"),
        ({"from": "long"}, "", "too long"),
        ({"from": "/a", "form": "x"}, "/form", "integer"),
        ({"frm": "/a"}, "/from", "required"),
        ({"for_each": "/l"}, "/item", "required"),
        ({"for_each": "/l", "item": {"i": {"from": "/a", "form": "x"}}}, "/item/i/form", "integer"),
        ({"for_each": "/l", "item": {"i": "a"}}, "/item/i", "must be a place"),
    ],
)
def test_the_first_that_is_told_is_of_what_was_meant(value: Any, where: str, says: str) -> None:
    told = of(value)
    assert told[0][0] == f"/properties/a~1b{where}"
    assert says in told[0][1]
    assert all(each.startswith(f"/properties/a~1b{where.rpartition('/')[0]}") for each, _ in told)


def test_a_value_of_no_type_that_fits_is_told_of_once() -> None:
    ((where, detail),) = of(5)
    assert where == "/properties/a~1b"
    assert all(says in detail for says in ("must be a place", "or: ", "true or false", "an object"))


def test_errors_of_several_fields_are_all_told() -> None:
    told = wrong({"event": {"form": "x"}, "properties": {"a": "b", "c": "d", "e": "/e"}, "more": 1})
    assert [where for where, _ in told] == ["/event/from", "/event/form", "/properties/a", "/properties/c", "/more"]


def test_what_is_no_body_is_told_by_its_place() -> None:
    error = {"loc": ("query", "limit"), "type": "greater_than_equal", "msg": "too little", "input": "0"}
    assert what_is_wrong([error], None) == [("query.limit", "too little")]


@pytest.mark.parametrize(("pattern", "says"), [(worded("^a+$", "some a"), "must be some a"), ("^b+$", "'^b+$'")])
def test_a_pattern_is_told_in_its_words(pattern: str, says: str) -> None:
    said = f"String should match pattern '{pattern}'"
    error = {"loc": ("query", "q"), "type": "string_pattern_mismatch", "msg": said, "ctx": {"pattern": pattern}}
    ((where, detail),) = what_is_wrong([error], None)
    assert where == "query.q"
    assert says in detail
