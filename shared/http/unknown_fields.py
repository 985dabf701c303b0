"""Errors of pydantic about fields that a body does not have, told with those that it has."""

from __future__ import annotations

from collections.abc import Collection
from typing import get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError
from pydantic_core.core_schema import ErrorType

from shared.no_such import no_such

UNKNOWN_FIELD = "unknown_field"
_STANDARD = frozenset(get_args(ErrorType))
_MOST = 100
"""Of more nobody reads, and a megabyte of unknown fields would take seconds to tell."""


def with_fields_named(error: ValidationError, fields: Collection[str]) -> ValidationError:
    """The same errors, the first of very many; those about fields of the body itself, not of one within it, name
    `fields`.
    """
    told = error.errors(include_url=False)
    if not any(_is_of_body(each) for each in told):
        return error
    return ValidationError.from_exception_data(error.title, [_again(each, fields) for each in told[:_MOST]])


def _is_of_body(error: ErrorDetails) -> bool:
    return error["type"] == "extra_forbidden" and len(error["loc"]) == 1


def _again(error: ErrorDetails, fields: Collection[str]) -> InitErrorDetails:
    kind, said = error["type"], error["msg"]
    if _is_of_body(error):
        kind, said = UNKNOWN_FIELD, no_such("field", error["loc"][0], fields)
    elif kind in _STANDARD:
        return InitErrorDetails(type=kind, loc=error["loc"], input=error["input"], ctx=error.get("ctx", {}))
    custom = PydanticCustomError(kind, "{said}", {"said": said})
    return InitErrorDetails(type=custom, loc=error["loc"], input=error["input"])
