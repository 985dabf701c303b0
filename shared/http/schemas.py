"""The form of request and response bodies."""

from pydantic import BaseModel, ConfigDict


class Schema(BaseModel):
    """A body of which every field is named: unknown ones are refused, types are not guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
