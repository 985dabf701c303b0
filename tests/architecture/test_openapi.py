"""What clients are generated from: each operation has a name of its own that says what it does, a tag and a text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from services.events.domain import cloud_events
from shared.http.patterns import in_words
from shared.http.schemas import Schema

_PARQUET = "application/vnd.apache.parquet"
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


def test_schemas_have_names_without_the_modules_they_stand_in(document: dict[str, Any]) -> None:
    assert [name for name in document["components"]["schemas"] if "__" in name] == []


def test_generators_of_clients_can_read_the_document(document: dict[str, Any]) -> None:
    """oapi-codegen gives a whole document up over a list of types, and over control characters in an enum."""
    found = list(_objects(document))
    assert [each for each in found if isinstance(each.get("type"), list)] == []
    enums = [each["enum"] for each in found if isinstance(each.get("enum"), list)]
    assert [enum for enum in enums if not all(str(each).isprintable() for each in enum)] == []


def test_bodies_are_of_types_that_can_be_sent(operations: list[dict[str, Any]]) -> None:
    """openapi-python-client leaves an operation out that takes `*/*`."""
    assert [each["operationId"] for each in operations if "*/*" in each.get("requestBody", {}).get("content", {})] == []


def test_every_body_and_answer_has_a_schema(operations: list[dict[str, Any]]) -> None:
    """Without one a generated client reads nothing, or takes a text for JSON."""
    carriers = [
        each
        for operation in operations
        for each in (operation.get("requestBody", {}), *operation["responses"].values())
    ]
    assert [each for each in carriers if not all(part.get("schema") for part in each.get("content", {}).values())] == []


def test_numbers_say_how_many_bits_they_have(document: dict[str, Any]) -> None:
    """Without that, generators for Go and Java take 32 of them, and money and counts of bytes are more."""
    schemas = list(_objects(_without_examples(document)))
    assert [each for each in schemas if each.get("type") == "number" and each.get("format") != "double"] == []
    integers = [each for each in schemas if each.get("type") == "integer"]
    assert [each for each in integers if each.get("format") != "int64" and each.get("maximum", 2**31) >= 2**31] == []


def _without_examples(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_examples(each) for each in node]
    if isinstance(node, dict):
        return {name: _without_examples(each) for name, each in node.items() if name not in ("example", "examples")}
    return node


def test_files_of_parquet_are_binary(document: dict[str, Any]) -> None:
    files = [each[_PARQUET] for each in _objects(document) if _PARQUET in each]
    assert [each for each in files if each.get("schema", {}).get("format") != "binary"] == []


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document, schemas among them."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _objects(child)


def test_no_text_that_is_trimmed_may_be_blank_and_not_empty(document: dict[str, Any]) -> None:
    trimmed = {each.__name__ for each in _heirs(Schema) if each.model_config.get("str_strip_whitespace")}
    wrong = [
        (name, field)
        for name, schema in document["components"]["schemas"].items()
        if name in trimmed
        for field, described in schema.get("properties", {}).items()
        for text in described.get("anyOf", [described])
        if text.get("minLength") and re.search(text.get("pattern", ""), "\N{NO-BREAK SPACE}" * text["minLength"])
    ]
    assert wrong == []


def _heirs(kind: type[Schema]) -> Iterator[type[Schema]]:
    for heir in kind.__subclasses__():
        yield heir
        yield from _heirs(heir)


def test_operations_list_no_refusal_that_they_cannot_answer(document: dict[str, Any]) -> None:
    wrong = [
        (method, path, status)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for status, possible in possibilities(method, operation).items()
        if status in operation["responses"] and not possible
    ]
    assert wrong == []


def test_operations_list_the_refusals_that_they_can_answer(document: dict[str, Any]) -> None:
    keys = document["paths"]["/v1/api-keys"]
    assert {"400", "401", "403", "409", "413", "415", "422", "429", "500", "503"} <= keys["post"]["responses"].keys()
    assert {"400", "401", "403", "422", "500", "503"} <= keys["get"]["responses"].keys()
    assert "404" in document["paths"]["/v1/api-keys/{key_id}"]["delete"]["responses"]


def test_what_is_changed_by_version_is_read_with_one(document: dict[str, Any]) -> None:
    untold = [
        (method, path)
        for path, methods in document["paths"].items()
        for method in methods.keys() & {"get", "put"}
        if "If-Match" in {each["name"] for each in methods.get("put", {}).get("parameters", ())}
        if "ETag" not in methods[method]["responses"]["200"].get("headers", {})
    ]
    assert untold == []


def test_what_is_made_says_where_it_is(document: dict[str, Any]) -> None:
    paths = document["paths"]
    readable = {
        re.sub(r"/\{[^}]*\}$", "", path) for path, methods in paths.items() if "get" in methods and path[-1] == "}"
    }
    made = {path: paths[path]["post"]["responses"].get("201") for path in readable if "post" in paths.get(path, {})}
    assert [path for path, answer in made.items() if answer and "Location" not in answer.get("headers", {})] == []


def possibilities(method: str, operation: dict[str, Any]) -> dict[str, bool]:
    named = {parameter["name"] for parameter in operation.get("parameters", ())}
    return {
        "403": bool(operation.get("security")),
        "405": False,
        "409": method != "get",
        "412": "If-Match" in named,
        "415": method != "get",
    }


def patterns(part: Any) -> Iterator[tuple[str, str | None]]:
    match part:
        case dict():
            if isinstance(part.get("pattern"), str):
                yield part["pattern"], part.get("x-in-words")
            for each in part.values():
                yield from patterns(each)
        case list():
            for each in part:
                yield from patterns(each)


def test_what_a_pattern_wants_is_told_to_people_in_words(document: dict[str, Any]) -> None:
    assert {each for each, words in patterns(document) if words is None} <= DOCUMENTED_ONLY
    assert all(words == in_words(each) for each, words in patterns(document))
