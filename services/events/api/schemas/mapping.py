"""The mapping language over HTTP: how a partner's JSON becomes touchpoints."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic.config import JsonDict

from services.events.domain.inbound.mapping import read_mapping
from services.events.domain.inbound.pointers import PATTERN
from shared.http.schemas import InWords

_POINTERS = r"\.?(?:/(?:[^~/\x00]|~[01])*)+"
_LARGEST = 10**15  # floats are exact up to here, so both kinds of number end at the same place

Place = Annotated[
    str,
    StringConstraints(pattern=PATTERN, max_length=500),
    Field(description="a JSON pointer (RFC 6901) from the payload, `/a/0/b`, or from the current element, `./a`"),
    InWords("a place such as /a/0/b or ./a (~1 stands for / in a name, ~0 for ~); at most 500 characters"),
]
_Places = Annotated[
    list[Place],
    Field(
        min_length=2,
        max_length=10,
        description="the first of these places that holds something, which null and a blank text are not",
    ),
]
_Text = Annotated[
    str,
    StringConstraints(pattern=rf"^(?:|[^./\x00][^\x00]*|\.(?:[^/\x00][^\x00]*)?|{_POINTERS})$", max_length=500),
    Field(description="a place if it begins with `/` or `./` or is `.`, else a constant"),
    InWords(
        "a place such as /a/0/b or ./a (~1 stands for / in a name, ~0 for ~) or a constant; at most 500 characters"
    ),
]
Number = (
    Annotated[StrictInt, Field(ge=-_LARGEST, le=_LARGEST)] | Annotated[StrictFloat, Field(ge=-_LARGEST, le=_LARGEST)]
)
Value = Annotated[str, StringConstraints(max_length=500)] | StrictBool | Number
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Part(BaseModel):
    """Part of a mapping: unknown fields are refused, and spaces are meant."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ReadingDocument(Part):
    """What is found at a place, exchanged by `lookup`, converted by `as`; `default` where nothing is found.

    Of several places the first that holds something counts.
    """

    place: Place | _Places = Field(alias="from")
    lookup: dict[Name, Value] | None = Field(None, max_length=200)
    form: Literal["text", "minor_units"] | None = Field(
        None, alias="as", description="`minor_units`: an amount in cents or the like, of the order's currency"
    )
    default: Value | None = Field(None)


Expression = _Text | StrictBool | Number | ReadingDocument


class ListingDocument(Part):
    """One object for each element of an array; `./` are the element's own places."""

    for_each: Place
    item: dict[Name, Expression] = Field(min_length=1, max_length=50)


class ConditionDocument(Part):
    """Only payloads (or elements) whose text at a place is one of these are meant; others are passed over."""

    place: Place = Field(alias="from")
    among: list[Name] = Field(alias="in", min_length=1, max_length=100)


def refuse_contradictions(conditions: Iterable[tuple[str, Collection[str]]]) -> None:
    """Raise ValueError where no text is what all conditions of one place ask for, so that nothing would be meant."""
    left: dict[str, set[str]] = {}
    for number, (place, among) in enumerate(conditions):
        if not left.setdefault(place, set(among)).intersection(among):
            told = (
                f"condition {number} and those of {place!r} before it have no text in common, so that nothing is meant"
            )
            raise ValueError(f"{told}; name all its texts in one `in`")
        left[place].intersection_update(among)


_Fields = dict[Name, Expression | ListingDocument]


def stated(name: str) -> JsonDict:
    """That a field is there and not null, in JSON Schema."""
    return {"required": [name], "properties": {name: {"not": {"type": "null"}}}}


_NAMES = ("user_id", "anonymous_id", "email", "phone")
_IDENTIFY: JsonDict = {"required": ["type"], "properties": {"type": {"const": "identify"}}}
_RULES: JsonDict = {
    "allOf": [
        {"anyOf": [stated(name) for name in _NAMES]},
        {"anyOf": [stated("event"), _IDENTIFY]},
    ]
}
EXAMPLE: JsonDict = {
    "for_each": "/orders",
    "when": [{"from": "/topic", "in": ["orders/paid", "orders/refunded"]}],
    "event": {"from": "/topic", "lookup": {"orders/paid": "Order Completed", "orders/refunded": "Order Refunded"}},
    "user_id": "./customer/id",
    "email": {"from": ["./customer/email", "./contact/email"]},
    "phone": "./customer/phone",
    "message_id": "./event_id",
    "timestamp": "./paid_at",
    "channel": "store",
    "properties": {
        "order_id": "./number",
        "currency": {"from": "./currency", "default": "EUR"},
        "revenue": {"from": "./total_cents", "as": "minor_units"},
        "products": {
            "for_each": "./lines",
            "item": {"sku": "./sku", "quantity": "./count", "price": {"from": "./cents", "as": "minor_units"}},
        },
    },
}


class MappingDocument(Part):
    """How a payload becomes a call, or one for each element of the array at `for_each`."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE], **_RULES})

    type: Literal["track", "identify"] = "track"
    for_each: Place | None = Field(None)
    when: list[ConditionDocument] | None = Field(None, max_length=20)
    event: Expression | None = Field(None, description="the name of a track call")
    user_id: Expression | None = Field(None)
    anonymous_id: Expression | None = Field(None)
    email: Expression | None = Field(None, description="names the customer too; alone it is enough")
    phone: Expression | None = Field(None, description="names the customer too; alone it is enough")
    message_id: Expression | None = Field(None, description="the same when the partner sends it again")
    timestamp: Expression | None = Field(None, description="ISO 8601, or seconds or milliseconds since 1970")
    channel: Expression | None = Field(None)
    department: Expression | None = Field(None, description="who of the partner's or ours had the contact")
    user_agent: Expression | None = Field(None, description="the customer's, by which programs are recognised")
    properties: _Fields = Field(default_factory=dict, max_length=100)
    traits: _Fields = Field(default_factory=dict, max_length=100)

    @field_validator("when")
    @classmethod
    def _can_hold_at_once(cls, value: list[ConditionDocument] | None) -> list[ConditionDocument] | None:
        refuse_contradictions((each.place, each.among) for each in value or ())
        return value

    @model_validator(mode="after")
    def _names_whom_and_what(self) -> MappingDocument:
        if all(getattr(self, name) is None for name in _NAMES):
            raise ValueError("one of user_id, anonymous_id, email and phone must say whom it is about")
        if self.type == "track" and self.event is None:
            raise ValueError("event must say what happened")
        read_mapping(self.document())
        return self

    def document(self) -> dict[str, Any]:
        """The mapping as it is stored and shown."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
