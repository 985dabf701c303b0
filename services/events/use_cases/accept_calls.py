"""Accepting calls: every rule that a client must hear about at once is checked here, before anything is stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from services.events.domain.errors import InvalidCall, TooLarge
from services.events.domain.subjects import MAX_ID_LENGTH, Id, holds_something, id_text, subject_of
from services.events.use_cases.calls import KINDS, StatedCall
from shared.contracts.topics import INGEST
from shared.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """What one request may carry; Segment documents 32 KB a call, 500 KB and 2,500 calls a batch."""

    call_bytes: int = 32 * 1024
    batch_bytes: int = 500 * 1024
    batch_calls: int = 2_500
    message_id_length: int = 100


_SHARED_TIMES = 16
"""How many times the largest body all that calls share may amount to."""

Text = bytes | msgspec.Raw
Lanes = dict[int, list[Text]]
"""Accepted calls by partition of the ingest topic, in the order of the request, each with `type` and `messageId`."""


def accept_batch(
    calls: Sequence[StatedCall], texts: Iterable[msgspec.Raw], limits: CallLimits, *, shared_bytes: int = 0
) -> Lanes:
    """Check a whole batch, all or nothing. Raises InvalidCall or TooLarge with the index of the first offender.

    `shared_bytes` is the size of what the batch says once and each of its calls is kept with.
    """
    if len(calls) > limits.batch_calls:
        raise TooLarge("too_many_events", f"{len(calls)} calls in one batch, at most {limits.batch_calls} are taken")
    if shared_bytes:
        _check_shared(shared_bytes, len(calls), limits)
    lanes: Lanes = {}
    for index, (call, text) in enumerate(zip(calls, texts, strict=True)):
        try:
            partition, accepted = _accept(call, text, limits)
        except InvalidCall as error:
            raise type(error)(error.code, str(error), index=index, within=error.within) from error
        lane = lanes.get(partition)
        if lane is None:
            lanes[partition] = [accepted]
        else:
            lane.append(accepted)
    return lanes


def _check_shared(size: int, calls: int, limits: CallLimits) -> None:
    """A small request must not become much to keep: what its calls share counts for every one of them."""
    if size > limits.call_bytes or size * calls > _SHARED_TIMES * limits.batch_bytes:
        told = (
            f"sentAt, context and integrations of the batch have {size} bytes, which each of {calls} calls is kept with"
        )
        raise TooLarge("shared_too_large", f"{told}; send fewer calls, or put into them what is theirs alone")


def accept_call(call: StatedCall, text: bytes, *, kind: str, limits: CallLimits) -> Lanes:
    """Check a single call; `kind` decides over the `type` that it names. Raises InvalidCall or TooLarge."""
    stated, call.type = call.type, kind
    partition, accepted = _accept(call, text.strip(), limits)
    if stated != kind:
        accepted = _with(accepted, type=kind)
    return {partition: [accepted]}


def _accept(call: StatedCall, text: Text, limits: CallLimits) -> tuple[int, Text]:
    if len(text) > limits.call_bytes:
        raise TooLarge("event_too_large", f"a call of {len(text)} bytes, at most {limits.call_bytes} are taken")
    partition = _partition_of(call.user_id, call.anonymous_id)
    _check_kind(call)
    message_id = call.message_id if isinstance(call.message_id, str) else id_text(call.message_id)
    # Most begin with a letter or a digit, which is something.
    if message_id is None or not (message_id[:1].isalnum() or holds_something(message_id)):
        return partition, _with(text, messageId=new_id())
    if len(message_id) > limits.message_id_length:
        raise InvalidCall("message_id_too_long", f"messageId is longer than {limits.message_id_length} characters")
    return partition, text


@lru_cache(maxsize=8_192)  # who is here comes again soon; to find one of many more in memory takes longer than this
def _partition_of(user_id: Id, anonymous_id: Id) -> int:
    """Where calls about one subject go."""
    subject = subject_of(_checked(user_id, "userId"), _checked(anonymous_id, "anonymousId"))
    if subject is None:
        raise InvalidCall("id_required", "userId or anonymousId is required")
    return INGEST.partition_of(subject)


def _check_kind(call: StatedCall) -> None:
    match call.type:
        case "track":
            if not _names_something(call.event):
                raise InvalidCall("event_required", "event is required in a track call")
        case "identify" | "page" | "screen":
            pass
        case "group":
            if _checked(call.group_id, "groupId") is None:
                raise InvalidCall("group_id_required", "groupId is required in a group call")
        case "alias":
            if id_text(call.user_id) is None or _checked(call.previous_id, "previousId") is None:
                raise InvalidCall("alias_ids_required", "userId and previousId are required in an alias call")
        case other:
            raise InvalidCall("unknown_type", f"type is {other!r}, expected one of {', '.join(sorted(KINDS))}")


@lru_cache(maxsize=512)
def _names_something(event: Id) -> bool:
    return id_text(event) is not None


def _checked(value: Id, field: str) -> str | None:
    if value is None:
        return None
    text = id_text(value)
    if text is not None and len(text) > MAX_ID_LENGTH:
        raise InvalidCall(f"{_snake(field)}_too_long", f"{field} is longer than {MAX_ID_LENGTH} characters")
    return text


def _snake(field: str) -> str:
    return field.replace("Id", "_id")


def _with(text: Text, **fields: str) -> bytes:
    """The JSON object `text` with `fields` added behind the others, where the last of a name counts."""
    return bytes(text)[:-1] + b"," + msgspec.json.encode(fields)[1:]
