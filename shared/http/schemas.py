"""The form of request and response bodies."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from shared.http.patterns import worded
from shared.http.unknown_fields import with_fields_named

_SUCH_AS = "such as 2026-01-31T08:00:00Z"
_DATE_AND_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}")


class Schema(BaseModel):
    """A body of which every field is named: unknown ones are refused, types are not guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    @model_validator(mode="wrap")
    @classmethod
    def _tell_of_its_fields(cls, value: Any, validated: ModelWrapValidatorHandler[Self]) -> Self:
        """What is told of an unknown field names those that there are."""
        try:
            return validated(value)
        except ValidationError as error:
            names = [field.alias or name for name, field in cls.model_fields.items()]
            raise with_fields_named(error, names) from None


def _written_out(value: Any) -> Any:
    if isinstance(value, str) and not _DATE_AND_TIME.match(value):
        raise ValueError(f"must be a date and time of RFC 3339, {_SUCH_AS}")
    if isinstance(value, int | float):
        raise ValueError(f"must be a date and time of RFC 3339 and not a number, {_SUCH_AS}")
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("not a time of the years 1 to 9999 in UTC") from error


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_utc)]
"""A time with its zone, as RFC 3339 writes it; pydantic alone takes numbers for seconds or milliseconds, too, and times
that no database can hold."""


def _as_integer(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_as_integer), Field(strict=True)]
"""An integer; JSON knows one kind of number, so that 90.0 is the integer 90, but "90" and true are none."""


@dataclass(frozen=True, slots=True)
class InWords:
    """What a value must be, told to people in the place of the pattern that says it to programs.

    Stands last in `Annotated`, behind the constraints that it speaks for.
    """

    words: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema, said = handler(source), f"must be {self.words}"
        if (pattern := _pattern(schema)) is not None:
            worded(pattern, self.words)
        return core_schema.custom_error_schema(schema, custom_error_type="form", custom_error_message=said)


def _pattern(schema: Any) -> str | None:
    """The pattern of a text, also where it may be null or left out."""
    return _pattern(schema["schema"]) if "schema" in schema else schema.get("pattern")


Slug = Annotated[
    str,
    Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$"),
    InWords("1 to 60 of a to z, 0 to 9 and hyphens, without a hyphen at either end"),
]
"""A name that stands in addresses."""
