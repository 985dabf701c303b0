"""POST /v1/cloudevents in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from services.events.api.ingest.description import KEY_IN_QUERY
from services.events.api.ingest.gateway import CLOUD_EVENTS_PATH
from services.events.domain.cloud_events import MEDIA_TYPE, NAME, TEXT, URI_REFERENCE, WHO
from services.events.domain.subjects import MAX_ID_LENGTH, SOMETHING
from services.events.use_cases.accept_calls import CallLimits
from shared.http.openapi import Document
from shared.http.problems import PROBLEM_RESPONSES

_REFUSALS = (400, 401, 403, 413, 415, 429, 500, 503)
_DESCRIPTION = """CloudEvents 1.0 in binary, structured or batched mode; the Content-Type says which.

Answers 200 once the events are durable; duplicates by `source` and `id` are dropped for a day at least. The customer is
`userid`, else `anonymousid` (extension attributes), else `subject`. `data` become the properties; a `type` that ends
like `order.completed` (or updated, refunded, cancelled) is an order, one that ends with `identify` tells traits.
In binary mode the attributes are `ce-` headers and the body is the data."""
_TEXT = {"type": "string", "minLength": 1, "pattern": TEXT}
_SOMEBODY = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_ID_LENGTH,
    "allOf": [{"pattern": TEXT}, {"pattern": SOMETHING}],
}
_EMPTY = {"type": "string", "const": ""}
_ABSENT = {"type": "null", "description": "as if it were left out"}
_EXAMPLE = {
    "specversion": "1.0",
    "id": "A234-1234-1234",
    "source": "/till/7",
    "type": "com.example.order.completed",
    "subject": "17850",
    "time": "2026-04-05T17:31:00Z",
    "data": {"order_id": "581587", "revenue": 42.5, "currency": "EUR"},
}
_BATCH = "application/cloudevents-batch+json"
_STRUCTURED = "application/cloudevents+json"


def describe_cloud_events(document: Document, limits: CallLimits) -> None:
    """Add the route, which answers before FastAPI, to an OpenAPI document."""
    document["paths"][CLOUD_EVENTS_PATH] = {"post": _operation(limits)}


def _operation(limits: CallLimits) -> dict[str, Any]:
    event = _event()
    most = f"at most {limits.batch_calls} events and {limits.batch_bytes} bytes"  # how many fit depends on their size
    batch = {"type": "array", "items": event, "description": most}
    success = {"type": "object", "properties": {"success": {"const": True}}, "required": ["success"]}
    return {
        "tags": ["CloudEvents"],
        "operationId": "ingest_cloud_events",
        "summary": "Take CloudEvents, all of a request or none",
        "description": _DESCRIPTION,
        "security": [{"WriteKey": []}, {"HTTPBearer": []}, {}],  # the key may stand in the query instead
        "parameters": [KEY_IN_QUERY],
        "requestBody": {
            "required": True,
            "content": {
                _STRUCTURED: {"schema": event, "example": _EXAMPLE},
                _BATCH: {"schema": batch, "example": [_EXAMPLE]},
            },
        },
        "responses": {
            "200": {"description": "Durable", "content": {"application/json": {"schema": success}}},
            **{str(status): PROBLEM_RESPONSES[status] for status in _REFUSALS},
        },
    }


def _event() -> dict[str, Any]:
    integer = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
    extension = {"anyOf": [_TEXT, _EMPTY, {"type": "boolean"}, integer, _ABSENT]}
    return {
        "type": "object",
        "required": ["specversion", "id", "source", "type"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": _TEXT,
            "source": {"type": "string", "minLength": 1, "pattern": URI_REFERENCE},
            "type": {**_TEXT, "pattern": TEXT, "allOf": [{"pattern": SOMETHING}]},
            "subject": _maybe(_TEXT),
            "time": _maybe({"type": "string", "format": "date-time"}),
            "datacontenttype": _maybe({"type": "string", "pattern": MEDIA_TYPE}),
            "dataschema": _maybe({"type": "string", "minLength": 1, "pattern": URI_REFERENCE}),
            "data": {"description": "any JSON; an object is the properties of the touchpoint"},
            **{who: {"anyOf": [{**_TEXT, "maxLength": MAX_ID_LENGTH}, _EMPTY, _ABSENT]} for who in WHO},
        },
        "patternProperties": {NAME: extension},
        "additionalProperties": False,
        "anyOf": [{"required": [name], "properties": {name: _SOMEBODY}} for name in (*WHO, "subject")],
    }


def _maybe(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, _ABSENT]}
