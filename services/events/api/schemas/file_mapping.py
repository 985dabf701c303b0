"""The mapping language of files over HTTP."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import ConfigDict, Field, StrictBool, StringConstraints, field_validator, model_validator
from pydantic.config import JsonDict

from services.events.api.schemas.mapping import Name, Number, Part, Value, refuse_contradictions, stated
from services.events.domain.imports.mapping import DecimalMark
from shared.http.schemas import InWords

_COLUMN = r"/(?:[^~/\x00]|~[01])+"
_NO_PLACE = r"|[^./\x00][^\x00]*|\.(?:[^/\x00][^\x00]*)?"
Column = Annotated[
    str,
    StringConstraints(pattern=rf"^{_COLUMN}$", max_length=200),
    Field(description="a column, `/Sold at`; `~1` stands for `/` in its name and `~0` for `~`"),
    InWords("a column as / and its name, in which ~1 stands for / and ~0 for ~; at most 200 characters"),
]
_RowColumn = Annotated[
    str,
    StringConstraints(pattern=rf"^\.{_COLUMN}$", max_length=200),
    InWords("a column of the row as ./ and its name, in which ~1 stands for / and ~0 for ~; at most 200 characters"),
]
_Text = Annotated[
    str,
    StringConstraints(pattern=rf"^(?:{_NO_PLACE}|{_COLUMN})$", max_length=200),
    Field(description="a column if it begins with `/`, else a constant"),
    InWords("a column such as /name (~1 stands for / in it, ~0 for ~) or a constant; at most 200 characters"),
]
_RowText = Annotated[
    str,
    StringConstraints(pattern=rf"^(?:{_NO_PLACE}|\.{_COLUMN})$", max_length=200),
    Field(description="a column of the row if it begins with `./`, else a constant"),
    InWords("a column of the row such as ./name (~1 for / in it, ~0 for ~) or a constant; at most 200 characters"),
]
_Form = Literal["text", "number", "integer", "boolean", "major_units", "minor_units"]
_AS = "`major_units`: an amount such as 19.90; `minor_units`: in cents or the like, of the row's currency"


class ColumnDocument(Part):
    """What a column holds, exchanged by `lookup`, converted by `as`; `default` for an empty cell, or one not in it."""

    column: Column = Field(alias="from")
    lookup: dict[Name, Value] | None = Field(None, max_length=1_000)
    form: _Form | None = Field(None, alias="as", description=_AS)
    default: Value | None = Field(None)
    decimal: DecimalMark | None = Field(
        None, description="what stands before the decimals of a number or an amount: `,` reads `1.234,50`; else a point"
    )


class RowColumnDocument(ColumnDocument):
    """The same of a row of the group."""

    column: _RowColumn = Field(alias="from")


class MomentDocument(Part):
    """A time: ISO 8601 or since 1970, or as `format` says (strptime); without an offset it is local to `zone`."""

    column: Column = Field(alias="from")
    format: Annotated[str, StringConstraints(min_length=2, max_length=60)] | None = Field(
        None, description="as of strptime", examples=["%d/%m/%Y %H:%M"]
    )
    zone: Annotated[str, StringConstraints(max_length=60)] | None = Field(
        None, description="an IANA zone; UTC without", examples=["Asia/Taipei"]
    )

    @field_validator("format")
    @classmethod
    def _is_read_again(cls, value: str | None) -> str | None:
        written = datetime(2026, 4, 5, 17, 31, 59)  # noqa: DTZ001 - any would do
        try:
            if value is not None and datetime.strptime(written.strftime(value), value) == datetime(1900, 1, 1):  # noqa: DTZ007, DTZ001
                raise ValueError("it names no part of a date")
        except (ValueError, re.error) as error:
            raise ValueError(f"not a format of strptime: {error}") from error
        return value

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            raise ValueError("not an IANA time zone, such as Asia/Taipei")
        return value


class EachRowDocument(Part):
    """One object for each row of a group, such as the products of an order."""

    for_each: Literal["."]
    item: dict[Name, _RowText | StrictBool | Number | RowColumnDocument] = Field(min_length=1, max_length=50)


class OnlyDocument(Part):
    """Takes only rows whose text in a column is one of these; others are skipped."""

    column: Column = Field(alias="from")
    among: list[Name] = Field(alias="in", min_length=1, max_length=100)


Expression = _Text | StrictBool | Number | ColumnDocument
_Fields = dict[Name, Expression | EachRowDocument]
_IDENTIFY: JsonDict = {"required": ["type"], "properties": {"type": {"const": "identify"}}}
_RULES: JsonDict = {
    "allOf": [
        {"anyOf": [stated(name) for name in ("user_id", "anonymous_id", "email", "phone")]},
        {"anyOf": [stated("event"), _IDENTIFY]},
    ]
}
EXAMPLE: JsonDict = {
    "group_by": ["/store", "/receipt"],
    "when": [{"from": "/status", "in": ["paid"]}],
    "required": ["/sku"],
    "event": "Order Completed",
    "user_id": "/member",
    "phone": "/phone",
    "timestamp": {"from": "/sold at", "format": "%d/%m/%Y %H:%M", "zone": "Asia/Taipei"},
    "channel": "store",
    "properties": {
        "order_id": "/receipt",
        "store": {"from": "/store", "lookup": {"01": "Taipei", "02": "Tainan"}},
        "products": {
            "for_each": ".",
            "item": {
                "sku": "./sku",
                "quantity": {"from": "./quantity", "as": "integer", "default": 1},
                "price": {"from": "./price", "as": "major_units"},
            },
        },
    },
}


class FileMappingDocument(Part):
    """How rows become calls: one each, or one for all that agree in the columns of `group_by`, wherever they stand."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE], **_RULES})

    type: Literal["track", "identify"] = "track"
    when: list[OnlyDocument] | None = Field(None, max_length=20)
    required: list[Column] | None = Field(None, max_length=100, description="an empty cell of these refuses its row")
    group_by: list[Column] | None = Field(None, min_length=1, max_length=10)
    event: Expression | None = Field(None, description="the name of a track call")
    user_id: Expression | None = Field(None)
    anonymous_id: Expression | None = Field(None)
    email: Expression | None = Field(None, description="names the customer too; alone it is enough")
    phone: Expression | None = Field(None, description="names the customer too; alone it is enough")
    message_id: list[Column] | Expression | None = Field(
        None,
        description="what tells one touchpoint from another: an id, or the columns that together are one; left out, "
        "those of `group_by`, else the whole row and how many like it stood before it",
    )
    timestamp: Column | MomentDocument | None = Field(None)
    channel: Expression | None = Field(None)
    properties: _Fields = Field(default_factory=dict, max_length=200)
    traits: _Fields = Field(default_factory=dict, max_length=200)

    @field_validator("when")
    @classmethod
    def _can_hold_at_once(cls, value: list[OnlyDocument] | None) -> list[OnlyDocument] | None:
        refuse_contradictions((each.column, each.among) for each in value or ())
        return value

    @field_validator("message_id")
    @classmethod
    def _has_some_columns(cls, value: list[str] | Any) -> Any:
        if isinstance(value, list) and not 1 <= len(value) <= 20:
            raise ValueError("name from 1 to 20 columns")
        return value

    @model_validator(mode="after")
    def _names_whom_and_what(self) -> FileMappingDocument:
        if self.user_id is None and self.anonymous_id is None and self.email is None and self.phone is None:
            raise ValueError("one of user_id, anonymous_id, email and phone must say whom it is about")
        if self.type == "track" and self.event is None:
            raise ValueError("event must say what happened")
        return self

    def document(self) -> dict[str, Any]:
        """The mapping as it is stored and shown."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
