"""What clients are generated from: each operation has a name of its own that says what it does, a tag and a text."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest


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
