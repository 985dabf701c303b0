"""A field that a body does not have is refused with those that it has, at whatever depth it stands."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from shared.http.schemas import Moment, Schema
from shared.http.validation import what_is_wrong


class Text(Schema):
    kind: Literal["text"]
    body: str = Field(min_length=1, alias="words")


class Picture(Schema):
    kind: Literal["picture"]
    url: str


class Letter(Schema):
    subject: str
    parts: dict[str, Annotated[Text | Picture, Field(discriminator="kind")]] = {}
    send_at: Moment | None = None


def wrong(body: Any) -> dict[str, str]:
    try:
        TypeAdapter(Letter).validate_python(body)
    except ValidationError as error:
        return dict(what_is_wrong([each | {"loc": ("body", *each["loc"])} for each in error.errors()], body))
    return {}


def test_those_that_there_are_and_the_nearest_are_named() -> None:
    assert wrong({"subject": "a", "subjekt": "b"}) == {
        "/subjekt": "no such field; did you mean subject? there are subject, parts, send_at"
    }


def test_one_within_another_is_told_by_the_fields_of_its_own() -> None:
    parts = {"{a}": {"kind": "text", "words": "", "url": "b"}, "b": {"kind": "picture", "words": "c"}}
    assert wrong({"subject": "a", "parts": parts, "more": 1}) == {
        "/parts/{a}/words": "must have at least 1 character",
        "/parts/{a}/url": "no such field; there are kind, words",
        "/parts/b/url": "required, but not there",
        "/parts/b/words": "no such field; there are kind, url",
        "/more": "no such field; there are subject, parts, send_at",
    }


def test_what_else_is_wrong_is_told_as_it_was() -> None:
    assert wrong({"parts": [], "send_at": "{soon}", "more": 1}) == wrong({"parts": [], "send_at": "{soon}"}) | {
        "/more": "no such field; there are subject, parts, send_at"
    }


@pytest.mark.parametrize(
    ("body", "where", "says"),
    [
        ([], "/", "must be an object"),
        ({"subject": "a", "parts": []}, "/parts", "must be an object"),
        ({}, "/subject", "required"),
        ({"subject": "a", "send_at": "2026-01-31T08:00"}, "/send_at", "offset from UTC, such as 2026-01-31T08:00:00+"),
        ({"subject": "a", "send_at": "tomorrow"}, "/send_at", "such as 2026-01-31T08:00:00Z"),
    ],
)
def test_what_would_be_right_is_said(body: Any, where: str, says: str) -> None:
    assert says in wrong(body)[where]


def test_of_very_many_the_first_are_told() -> None:
    told = wrong({"subject": "a"} | {f"subject{number}": number for number in range(20_000)})
    assert list(told) == [f"/subject{number}" for number in range(100)]
