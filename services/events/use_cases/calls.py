"""The calls of the tracking API, as far as they are read; what is not named here travels on untouched.

Source: Segment's spec of the HTTP Tracking API and its common fields; RudderStack adds `channel`, `originalTimestamp`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from services.events.domain.json_text import decode_leniently
from services.events.domain.storable_text import replaced_in
from services.events.domain.subjects import MAX_ID_LENGTH, Id, id_text, subject_of

Moment = str | int | float | None
_Name = Annotated[str, msgspec.Meta(max_length=MAX_ID_LENGTH)] | int | float | None

HUGE_NUMBER = "number-out-of-range"
KINDS: Final = frozenset({"identify", "track", "page", "screen", "group", "alias"})


class StatedCall(msgspec.Struct, rename="camel", gc=False):
    """What a call says in single values. Ids may be numbers, everything may be null.

    What is decoded from JSON has no cycles to collect.
    """

    type: str | None = None
    message_id: Id = None
    user_id: _Name = None
    anonymous_id: _Name = None
    previous_id: _Name = None
    group_id: _Name = None
    event: Id = None
    name: Id = None
    channel: Id = None
    timestamp: Moment = None
    original_timestamp: Moment = None
    sent_at: Moment = None
    write_key: str | None = None


class Call(StatedCall):
    """One call."""

    context: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None
    integrations: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(Call).decode


def decode_call(text: msgspec.Raw | bytes) -> tuple[Call, tuple[str, ...]]:
    """A call, and what is wrong with it that is no reason to drop it.

    Raises msgspec.MsgspecError, ValueError or RecursionError.
    """
    text = bytes(text)
    replaced = replaced_in(text)
    try:
        return _decode(text), replaced
    except msgspec.ValidationError:  # for a number that is out of range; any other reason is found again
        return msgspec.convert(decode_leniently(text), Call), (HUGE_NUMBER, *replaced)


class _Unread(msgspec.Struct, gc=False):
    """An object of which no more is seen than that it is one, in sound JSON."""


class CallOutline(StatedCall):
    """The same of a call that is only passed on, read in half the time; numbers in its objects may be out of range."""

    context: _Unread | None = None
    traits: _Unread | None = None
    properties: _Unread | None = None
    integrations: _Unread | None = None


_outline = msgspec.json.Decoder(CallOutline).decode


def subject_in(text: bytes) -> str | None:
    """Whom a call is about, before any merge. Raises msgspec.MsgspecError, ValueError or RecursionError."""
    call = _outline(text)
    return subject_of(id_text(call.user_id), id_text(call.anonymous_id))


class BatchCall(msgspec.Struct, rename="camel"):
    """Many calls, with what they share."""

    batch: list[CallOutline]
    sent_at: Moment = None
    context: dict[str, Any] | None = None
    integrations: dict[str, Any] | None = None
    write_key: str | None = None


class BatchTexts(msgspec.Struct):
    """The same body, each call and what they share as the text that it arrived in."""

    batch: list[msgspec.Raw]
    context: msgspec.Raw = msgspec.Raw()
    integrations: msgspec.Raw = msgspec.Raw()

    @property
    def shared_flaws(self) -> tuple[str, ...]:
        """What is wrong with what the calls share, and no reason to drop them."""
        return replaced_in(bytes(self.context) + bytes(self.integrations))
