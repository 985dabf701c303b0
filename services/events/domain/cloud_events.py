"""CloudEvents 1.0 as they are taken from foreign programs: strictly, each refusal naming the attribute.

Sources: CloudEvents specification 1.0.2 (context attributes, type system), its JSON event format; RFC 3339, RFC 3986.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.events.domain.errors import InvalidCall

Value = str | int | bool

NAME = r"^[a-z0-9]{1,20}$"
TEXT = r"^[^\x00-\x1f\x7f-\x9f]+$"
"""A non-empty text without control characters, which is the least of every attribute but extensions."""
URI_REFERENCE = (
    r"^(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://\[[0-9A-Fa-f:.]+\])?(?:%[0-9A-Fa-f]{2}|[A-Za-z0-9._~:/?@!$&'()*+,;=-])*"
    r"(?:#(?:%[0-9A-Fa-f]{2}|[A-Za-z0-9._~:/?@!$&'()*+,;=-])*)?$"
)
MEDIA_TYPE = r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(?:[ \t]*;[^\x00-\x1f\x7f-\x9f]*)?$"

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
_LEAP_SECOND = re.compile(r"(?<=T\d\d:\d\d:)60")
_FORMS = {
    "source": (re.compile(URI_REFERENCE), "a URI-reference (RFC 3986)"),
    "datacontenttype": (re.compile(MEDIA_TYPE), "a media type such as application/json"),
    "dataschema": (re.compile(URI_REFERENCE), "a URI"),
}
_text = re.compile(TEXT).match
_name = re.compile(NAME).match
_REQUIRED = ("id", "source", "type")
_OPTIONAL = ("subject", "time", "datacontenttype", "dataschema")
_RESERVED = frozenset({"data", "specversion", *_REQUIRED, *_OPTIONAL})
WHO: Final = ("userid", "anonymousid")
"""Extension attributes that say whom an event is about; both are texts."""
_INTEGER = 2**31


class InvalidCloudEvent(InvalidCall):
    """An event breaks the specification. `attribute` is which, `index` the event's place in a batch."""

    def __init__(self, code: str, message: str, *, attribute: str, index: int | None = None) -> None:
        super().__init__(code, message if index is None else f"event {index}: {message}")
        self.attribute = attribute
        self.event_index = index

    @property
    def where(self) -> str:
        """A JSON pointer to what is wrong."""
        return f"/{self.attribute}" if self.event_index is None else f"/{self.event_index}/{self.attribute}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudEvent:
    """One event. `data` is JSON text, None without data; `time` is RFC 3339 as `datetime.fromisoformat` reads it."""

    id: str
    source: str
    type: str
    subject: str | None = None
    time: str | None = None
    datacontenttype: str | None = None
    dataschema: str | None = None
    extensions: Mapping[str, Value] = field(default_factory=dict)
    data: bytes | None = None


def read_cloud_event(attributes: Mapping[str, object], data: bytes | None) -> CloudEvent:
    """The event of these context attributes, where null means absent. Raises InvalidCloudEvent."""
    stated = {name: value for name, value in attributes.items() if value is not None}
    if stated.get("specversion") != "1.0":
        said = "missing" if "specversion" not in stated else f"{stated['specversion']!r:.40}"
        raise InvalidCloudEvent(
            "invalid_specversion", f"specversion is {said}, expected '1.0'", attribute="specversion"
        )
    for name in _REQUIRED:
        if name not in stated:
            raise InvalidCloudEvent("attribute_required", f"{name} is required", attribute=name)
    known = {name: _read_text(name, stated[name]) for name in (*_REQUIRED, *_OPTIONAL) if name in stated}
    if "time" in known:
        known["time"] = _read_time(known["time"])
    extensions = {name: _read_extension(name, value) for name, value in stated.items() if name not in _RESERVED}
    return CloudEvent(**known, extensions=extensions, data=data)


def check_name(name: str) -> None:
    """Raise InvalidCloudEvent when no attribute may be called this."""
    if not _name(name):
        raise InvalidCloudEvent(
            "invalid_attribute_name", f"{name!r:.60} is no attribute name: 1 to 20 of a-z and 0-9", attribute=name[:60]
        )


def _read_text(name: str, value: object) -> str:
    if not isinstance(value, str) or not _text(value):
        expected = f"{name} must be a non-empty text without control characters"
        raise InvalidCloudEvent("invalid_attribute", expected, attribute=name)
    form, described = _FORMS.get(name, (None, ""))
    if form is not None and not form.match(value):
        raise InvalidCloudEvent("invalid_attribute", f"{name} must be {described}", attribute=name)
    return value


def _read_time(value: str) -> str:
    """The text with capitals and without a leap second, which Python has none of."""
    normal = _LEAP_SECOND.sub("59", value.upper())
    try:
        if not _RFC_3339.fullmatch(value):
            raise ValueError("another form")
        datetime.fromisoformat(normal)
    except ValueError as error:
        expected = "time must be RFC 3339, such as 2026-04-05T17:31:00Z"
        raise InvalidCloudEvent("invalid_attribute", expected, attribute="time") from error
    return normal


def _read_extension(name: str, value: object) -> Value:
    check_name(name)
    match value:
        case bool() | int() | float() if name in WHO:
            raise InvalidCloudEvent("invalid_attribute", f"{name} must be a text", attribute=name)
        case bool():
            return value
        case int() | float() if -_INTEGER <= value < _INTEGER and value == int(value):
            return int(value)
        case str() if not value or _text(value):
            return value
        case _:
            expected = f"{name} must be a text without control characters, a boolean or a 32-bit integer"
            raise InvalidCloudEvent("invalid_attribute", expected, attribute=name)
