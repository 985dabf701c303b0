"""The calls of the tracking API, as far as they are read; what is not named here travels on untouched.

Source: Segment's spec of the HTTP Tracking API and its common fields; RudderStack adds `channel`, `originalTimestamp`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from services.events.domain.subjects import MAX_ID_LENGTH, Id

Moment = str | int | float | None
_Name = Annotated[str, msgspec.Meta(max_length=MAX_ID_LENGTH)] | int | float | None

KINDS: Final = frozenset({"identify", "track", "page", "screen", "group", "alias"})


class Call(msgspec.Struct, rename="camel", gc=False):
    """One call. Ids may be numbers, everything may be null. What is decoded from JSON has no cycles to collect."""

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
    context: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None
    integrations: dict[str, Any] | None = None
    write_key: str | None = None


class BatchCall(msgspec.Struct, rename="camel"):
    """Many calls, with what they share."""

    batch: list[Call]
    sent_at: Moment = None
    context: dict[str, Any] | None = None
    integrations: dict[str, Any] | None = None
    write_key: str | None = None


class BatchTexts(msgspec.Struct):
    """The same body, each call as the text that it arrived in."""

    batch: list[msgspec.Raw]
