"""The form of request and response bodies."""

import re
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

_DATE_AND_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}")


class Schema(BaseModel):
    """A body of which every field is named: unknown ones are refused, types are not guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def _written_out(value: Any) -> Any:
    if isinstance(value, str) and not _DATE_AND_TIME.match(value):
        raise ValueError("not a date and time of RFC 3339")
    if isinstance(value, int | float):
        raise ValueError("a number is no date and time")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]
"""A time with its zone, as RFC 3339 writes it; pydantic alone takes numbers for seconds or milliseconds, too."""


def _as_integer(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_as_integer), Field(strict=True)]
"""An integer; JSON knows one kind of number, so that 90.0 is the integer 90, but "90" and true are none."""
