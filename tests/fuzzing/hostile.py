"""Bodies made to break what reads them, and what may be answered."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import httpx

JSON_TYPE = "application/json"
Document = Mapping[str, Any]
_OPEN = frozenset({"Tracking API", "CloudEvents", "Unsubscribe", "Operations"})


class Body(NamedTuple):
    """A request body with its headers."""

    name: str
    content: bytes
    headers: Mapping[str, str]


class Route(NamedTuple):
    """One operation that takes a body, with its path filled in and the example its document gives, if any."""

    method: str
    path: str
    example: Any
    is_tracking: bool
    """Follows Segment's API: taken with a write key, under any Content-Type, unknown fields welcome."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def routes_with_body(document: Document) -> Iterator[Route]:
    """Every POST, PUT and PATCH operation of an OpenAPI document that declares a JSON body."""
    for path, item in document["paths"].items():
        for method in ("post", "put", "patch"):
            operation = item.get(method, {})
            content = operation.get("requestBody", {}).get("content", {})
            if JSON_TYPE in content:
                yield Route(
                    method=method.upper(),
                    path=_filled(path, operation.get("parameters", [])),
                    example=_example(document, content[JSON_TYPE]),
                    is_tracking=any("WriteKey" in scheme for scheme in operation.get("security", [])),
                )


def strict_addresses(document: Document) -> Iterator[tuple[str, str]]:
    """Method and path of every operation that takes no query parameter but its own.

    Not so what others' software calls: SDKs, partners' webhooks, mail readers and probes add what they like.
    """
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if not (_OPEN & set(operation["tags"]) or path.startswith("/v1/inbound/")):
                yield method.upper(), _filled(path, operation.get("parameters", []))


def hostile_bodies() -> Iterator[Body]:
    """What must be refused whatever the route."""
    as_json = {"Content-Type": JSON_TYPE}
    texts = {
        "empty": b"",
        "a number": b"1",
        "a string": b'"x"',
        "null": b"null",
        "an array": b"[]",
        "cut off": b'{"name": "x',
        "two values": b"{} {}",
        "NaN": b'{"name": NaN}',
        "Infinity": b'{"name": -Infinity}',
        "a number too large for a float": b'{"name": 1e999}',
        "an integer of 5,000 digits": b'{"name": ' + b"9" * 5_000 + b"}",
        "a lone surrogate": b'{"name": "\\ud800"}',
        "NUL": b'{"name": "\\u0000"}',
        "a raw NUL": b'{"name": "\x00"}',
        "not UTF-8": b'{"name": "\xff\xfe"}',
        "UTF-16": '{"name": "x"}'.encode("utf-16"),
        "1,000 objects deep": b'{"a":' * 1_000 + b"1" + b"}" * 1_000,
        "100,000 arrays deep": b"[" * 100_000,
        "2 MB": json.dumps({"name": "x" * 2_000_000}).encode(),
    }
    for name, content in texts.items():
        yield Body(name, content, as_json)
    yield Body("a gzip bomb", gzip.compress(b" " * 50_000_000), as_json | {"Content-Encoding": "gzip"})
    yield Body("gzip that is none", b"\x1f\x8b" + b"\x00" * 50, as_json | {"Content-Encoding": "gzip"})


def poisoned(route: Route) -> Iterator[Body]:
    """A good body, but for one value that the route may not take; texts that cannot be stored are mended in calls."""
    values = {
        "NaN": b"NaN",
        **({} if route.is_tracking else {"a lone surrogate": b'"\\udfff"', "NUL": b'"\\u0000"'}),
        "1,000 deep": b"[" * 1_000 + b"]" * 1_000,
        "not UTF-8": b'"\xc3("',
        "a trailing comma": b"[1,]",
    }
    for good in _with_a_place(route.example or {}):
        content = json.dumps(good).encode()
        for name, value in values.items():
            yield Body(f"{name} in a good body", content.replace(b'"here"', value), {"Content-Type": JSON_TYPE})


def wrong_types(example: Any) -> Iterator[Body]:
    """A good body under a Content-Type that is not JSON."""
    content = json.dumps(example or {}).encode()
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x"):
        yield Body(f"JSON as {media_type}", content, {"Content-Type": media_type})
    yield Body("JSON as nothing", content, {})


def refusal_flaw(answer: httpx.Response) -> str | None:
    """What is wrong with an answer that should be a clear refusal; None when it is one."""
    if not 400 <= answer.status_code < 500 or answer.status_code == 401:
        return f"answered {answer.status_code}: {answer.text[:200]}"
    if answer.headers.get("content-type") != "application/problem+json":
        return f"answered {answer.status_code} as {answer.headers.get('content-type')}"
    body = answer.json()
    missing = {"type", "title", "status", "code", "detail", "message"} - body.keys()
    return f"the problem lacks {missing}" if missing else None


def _with_a_place(example: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The example with `"here"` beside its fields, and in each object and each list of objects within it."""
    yield {**example, "poison": "here"}
    for name, value in example.items():
        if isinstance(value, dict):
            for inner in _with_a_place(value):
                yield {**example, name: inner}
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for inner in _with_a_place(value[0]):
                yield {**example, name: [inner, *value[1:]]}


def _filled(path: str, parameters: list[Document]) -> str:
    for parameter in parameters:
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", "00000000-0000-7000-8000-000000000000")
    return path


def _example(document: Document, content: Document) -> Any:
    if "example" in content:
        return content["example"]
    if content.get("examples"):
        return next(iter(content["examples"].values())).get("value")
    schema = content.get("schema", {})
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return _example_of(document, schema)


def _example_of(document: Document, schema: Document) -> Any:
    """The schema's own example, or an object of its properties' examples."""
    if schema.get("examples"):
        return schema["examples"][0]
    properties = schema.get("properties", {})
    found = {name: each["examples"][0] for name, each in properties.items() if each.get("examples")}
    return found or None
