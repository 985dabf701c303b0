"""What clients are generated from: each operation has a name of its own that says what it does, a tag and a text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from services.events.domain import cloud_events
from shared.http.patterns import in_words

DOCUMENTED_ONLY = {"^[1-9]", r"[^\s\x00-\x1f\x7f-\xa0]", *map(str, vars(cloud_events).values())}
"""Patterns that only tell programs of a rule, which has words of its own in the code that checks it."""


@pytest.fixture
def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for methods in document["paths"].values() for operation in methods.values()]


def test_operations_have_names_that_a_client_can_use(operations: list[dict[str, Any]]) -> None:
    names = Counter(operation["operationId"] for operation in operations)
    assert [name for name, times in names.items() if times > 1] == []
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", name)] == []


def test_operations_have_a_tag_and_say_what_they_do(operations: list[dict[str, Any]]) -> None:
    bare = [each["operationId"] for each in operations if not (each.get("tags") and each.get("description"))]
    assert bare == []


def patterns(part: Any) -> Iterator[str]:
    match part:
        case dict():
            if isinstance(part.get("pattern"), str):
                yield part["pattern"]
            for each in part.values():
                yield from patterns(each)
        case list():
            for each in part:
                yield from patterns(each)


def test_what_a_pattern_wants_is_told_to_people_in_words(document: dict[str, Any]) -> None:
    assert {each for each in patterns(document) if in_words(each) is None} <= DOCUMENTED_ONLY
