"""Steps of corrections over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from services.events.domain.tracking_plan import corrections
from shared.http.schemas import InWords, Schema

_Pointer = Annotated[
    str,
    Field(
        max_length=300,
        pattern=r"^(?:/(?:[^/~\x00]|~[01])+)+$",
        description="a JSON pointer to a field",
        examples=["/properties/order_id"],
    ),
    StringConstraints(strip_whitespace=False),  # a name that ends in a space is what has to be mended
    InWords("a JSON pointer to a field, such as /properties/order_id; at most 300 characters"),
]


class RenameStep(Schema):
    """Move what is at `path` to `to`."""

    op: Literal["rename"]
    path: _Pointer
    to: _Pointer

    def step(self) -> corrections.Step:
        """The step as the domain takes it."""
        return corrections.Rename(self.path, self.to)


class SetStep(Schema):
    """Put a constant at `path`."""

    op: Literal["set"]
    path: _Pointer
    value: Any

    def step(self) -> corrections.Step:
        """The step as the domain takes it."""
        return corrections.SetValue(self.path, self.value)


class CastStep(Schema):
    """Turn what is at `path` into another type: `"12.5"` into 12.5, 42 into `"42"`, `"yes"` into true."""

    op: Literal["cast"]
    path: _Pointer
    to: corrections.Target

    def step(self) -> corrections.Step:
        """The step as the domain takes it."""
        return corrections.Cast(self.path, self.to)


class RemoveStep(Schema):
    """Take away what is at `path`."""

    op: Literal["remove"]
    path: _Pointer

    def step(self) -> corrections.Step:
        """The step as the domain takes it."""
        return corrections.Remove(self.path)


CorrectionStep = Annotated[RenameStep | SetStep | CastStep | RemoveStep, Field(discriminator="op")]
