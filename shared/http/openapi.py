"""The OpenAPI document of a service, as people read it and generators of clients do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from shared.auth.scopes import describe_scopes
from shared.http.patterns import in_words
from shared.http.problems import PROBLEM_RESPONSES, ProblemBody
from shared.http.refusals import keep_possible_refusals

Document = dict[str, Any]
_FITS_32_BITS = 2**31 - 1
_FREE = ("default", "example", "examples", "const", "enum")
_NAMED = ("properties", "patternProperties", "schemas")


def describe(app: FastAPI, further: Callable[[Document], None]) -> None:
    """OpenAPI in which every problem is the one schema, in place of FastAPI's own validation error.

    `further` adds what FastAPI cannot see.
    """

    def openapi() -> Document:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, further)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _document(app: FastAPI, further: Callable[[Document], None]) -> Document:
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(_problem_schemas())
    describe_scopes(document, app.state.scopes)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for method, operation in (each for path in document["paths"].values() for each in path.items()):
        if "422" in operation["responses"]:
            operation["responses"]["422"] = PROBLEM_RESPONSES[422]
        keep_possible_refusals(method, operation)
    further(document)
    _complete(document)
    return document


def _problem_schemas() -> dict[str, Any]:
    schema = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "ProblemBody": schema}


def _complete(part: Any) -> None:
    """Give numbers 64 bits, as generators of clients for Go and Java take those that say nothing for 32, and patterns
    their words, which /docs shows."""
    if isinstance(part, list):
        for each in part:
            _complete(each)
    elif isinstance(part, dict):
        _state_precision(part)
        if words := in_words(str(part.get("pattern"))):
            part["x-in-words"] = words
        for name, each in list(part.items()):
            if name in _NAMED and isinstance(each, dict):
                _complete(list(each.values()))
            elif name not in _FREE:
                _complete(each)


def _state_precision(schema: dict[str, Any]) -> None:
    if schema.get("type") == "number":
        schema["format"] = "double"
    elif schema.get("type") == "integer" and schema.get("maximum", 2**63) > _FITS_32_BITS:
        schema["format"] = "int64"
