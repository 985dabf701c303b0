"""The hot routes in the OpenAPI document, which FastAPI cannot see for itself."""

from __future__ import annotations

from typing import Any

from services.events.api.ingest.gateway import BEACON, PATHS
from services.events.api.ingest.reading import BATCH
from services.events.domain.subjects import MAX_ID_LENGTH, SOMETHING
from services.events.use_cases.accept_calls import CallLimits
from shared.http.openapi import Document
from shared.http.problems import PROBLEM_RESPONSES

_TAG = "Tracking API"
_SECURITY = {"WriteKey": {"type": "http", "scheme": "basic", "description": "the write key as user, no password"}}
_REFUSALS = (400, 401, 413, 415, 429, 500, 503)
KEY_IN_QUERY = {
    "name": "writeKey",
    "in": "query",
    "schema": {"type": "string"},
    "description": "the write key, of those that send no header",
}

_ID = {
    "anyOf": [
        {"type": "string", "minLength": 1, "maxLength": MAX_ID_LENGTH, "pattern": SOMETHING},
        {"type": "number"},
    ]
}
_NAME = {"anyOf": [{"type": "string", "pattern": SOMETHING}, {"type": "number"}]}
_MAYBE_ID = {"anyOf": [{"type": "string", "maxLength": MAX_ID_LENGTH}, *_ID["anyOf"][1:], {"type": "null"}]}


def _any_of(*types: str) -> dict[str, Any]:
    """One of several types. Generators of clients for Go take no list of them for `type`."""
    return {"anyOf": [{"type": each} for each in types]}


_MOMENT = _any_of("string", "number", "null") | {"description": "ISO 8601, or seconds or milliseconds since 1970"}
_OBJECT = _any_of("object", "null")

_WHOSE = {
    "anyOf": [
        {"required": ["userId"], "properties": {"userId": _ID}},
        {"required": ["anonymousId"], "properties": {"anonymousId": _ID}},
    ]
}
_NEEDED: dict[str, tuple[str, ...]] = {"track": ("event",), "group": ("groupId",), "alias": ("userId", "previousId")}
_PERSON = {"userId": "17850", "messageId": "0193-a1"}
_EXAMPLES: dict[str, dict[str, Any]] = {
    "identify": {**_PERSON, "traits": {"email": "chen@example.com", "firstName": "小明", "lastName": "王"}},
    "track": {
        **_PERSON,
        "event": "Order Completed",
        "timestamp": "2011-12-09T12:50:00Z",
        "properties": {
            "order_id": "581587",
            "revenue": 249.45,
            "currency": "GBP",
            "products": [{"product_id": "22138", "name": "BAKING SET", "price": 4.95, "quantity": 3}],
        },
    },
    "page": {"anonymousId": "b1f0", "name": "Home", "properties": {"url": "https://shop.example/"}},
    "screen": {"anonymousId": "b1f0", "name": "Basket"},
    "group": {**_PERSON, "groupId": "acme", "traits": {"name": "Acme Ltd"}},
    "alias": {"userId": "17850", "previousId": "b1f0"},
}


def describe_ingest(document: Document, limits: CallLimits) -> None:
    """Add the tracking API to an OpenAPI document."""
    document["paths"] |= {path: {"post": _operation(path, target, limits)} for path, target in PATHS.items()}
    document["components"].setdefault("securitySchemes", {}).update(_SECURITY)


def _operation(path: str, target: str, limits: CallLimits) -> dict[str, Any]:
    success = {
        "type": "object",
        "properties": {"success": {"const": True}},
        "required": ["success"],
        "example": {"success": True},
    }
    operation: dict[str, Any] = {
        "tags": [_TAG],
        "operationId": f"ingest{path.replace('/', '_')}",
        "summary": _summary(target),
        "description": "Answers 200 once the calls are durable. gzip is recognised by its first bytes; any "
        "Content-Type is taken. Duplicates by messageId are dropped for a day at least.",
        "responses": {
            "200": {"description": "Durable", "content": {"application/json": {"schema": success}}},
            **{str(status): PROBLEM_RESPONSES[status] for status in _REFUSALS},
        },
    }
    if target == BEACON:
        return operation
    schema = _batch(limits) if target == BATCH else _single(target, limits)
    example = {"batch": [{"type": kind, **call} for kind, call in _EXAMPLES.items()]}
    content = {"schema": schema, "example": example if target == BATCH else _EXAMPLES[target]}
    return {
        **operation,
        "security": [{"WriteKey": []}, {}],  # the key may stand in the body or the query instead
        "parameters": [KEY_IN_QUERY],
        "requestBody": {"required": True, "content": {"application/json": content}},
    }


def _summary(target: str) -> str:
    if target == BATCH:
        return "Take a batch of calls, all or none"
    return "Take the browser SDK's metrics, and drop them" if target == BEACON else f"Take one {target} call"


def _single(kind: str, limits: CallLimits) -> dict[str, Any]:
    return {"type": "object", "properties": _fields(limits), "allOf": [_WHOSE, _needs(kind)]}


def _batch(limits: CallLimits) -> dict[str, Any]:
    fields = _fields(limits)
    by_kind = [
        {"properties": {"type": {"const": kind}}, "allOf": [_needs(kind)]}
        for kind in ("identify", "track", "page", "screen", "group", "alias")
    ]
    call = {"type": "object", "required": ["type"], "properties": fields, "allOf": [_WHOSE, {"anyOf": by_kind}]}
    shared = {name: fields[name] for name in ("sentAt", "context", "integrations", "writeKey")}
    calls = {"type": "array", "items": call, "maxItems": limits.batch_calls}
    return {"type": "object", "required": ["batch"], "properties": {"batch": calls, **shared}}


def _needs(kind: str) -> dict[str, Any]:
    needed = _NEEDED.get(kind, ())
    return (
        {"required": list(needed), "properties": {name: _NAME if name == "event" else _ID for name in needed}}
        if needed
        else {}
    )


def _fields(limits: CallLimits) -> dict[str, Any]:
    return {
        "type": _any_of("string", "null") | {"description": "decided by the path of a single call"},
        "messageId": {
            "anyOf": [
                {"type": "string", "maxLength": limits.message_id_length},
                {"type": "number"},
                {"type": "null"},
            ],
            "description": "the same on every retry; made up when missing",
        },
        **dict.fromkeys(("userId", "anonymousId", "previousId", "groupId"), _MAYBE_ID),
        **dict.fromkeys(("event", "name", "channel"), _any_of("string", "number", "null")),
        **dict.fromkeys(("timestamp", "originalTimestamp", "sentAt"), _MOMENT),
        **dict.fromkeys(("context", "traits", "properties", "integrations"), _OBJECT),
        "writeKey": _any_of("string", "null") | {"description": "for clients that cannot send a header"},
    }
