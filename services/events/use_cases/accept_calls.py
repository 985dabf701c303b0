"""Accepting calls: every rule that a client must hear about at once is checked here, before anything is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from services.events.domain.errors import InvalidCall, TooLarge
from services.events.domain.subjects import MAX_ID_LENGTH, id_text, subject_of
from services.events.use_cases.calls import KINDS, Call
from shared.contracts.topics import INGEST
from shared.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """What one request may carry; Segment documents 32 KB a call, 500 KB and 2,500 calls a batch."""

    call_bytes: int = 32 * 1024
    batch_bytes: int = 500 * 1024
    batch_calls: int = 2_500
    message_id_length: int = 100


Lanes = dict[int, list[bytes]]
"""Accepted calls by partition of the ingest topic, in the order of the request, each with `type` and `messageId`."""

_partition_of: Callable[[str], int] = INGEST.partition_of
_NAMED_BY = {"track": "event", "group": "group_id"}


def accept_batch(calls: list[Call], texts: Iterable[msgspec.Raw], limits: CallLimits) -> Lanes:
    """Check a whole batch, all or nothing. Raises InvalidCall or TooLarge with the index of the first offender."""
    if len(calls) > limits.batch_calls:
        raise TooLarge("too_many_events", f"{len(calls)} calls in one batch, at most {limits.batch_calls} are taken")
    lanes: Lanes = {}
    for index, (call, text) in enumerate(zip(calls, texts, strict=True)):
        try:
            partition, accepted = _accept(call, bytes(text), limits)
        except InvalidCall as error:
            raise type(error)(error.code, str(error), index=index) from error
        lane = lanes.get(partition)
        if lane is None:
            lanes[partition] = [accepted]
        else:
            lane.append(accepted)
    return lanes


def accept_call(call: Call, text: bytes, *, kind: str, limits: CallLimits) -> Lanes:
    """Check a single call; `kind` decides over the `type` that it names. Raises InvalidCall or TooLarge."""
    stated, call.type = call.type, kind
    partition, accepted = _accept(call, text.strip(), limits)
    if stated != kind:
        accepted = _with(accepted, type=kind)
    return {partition: [accepted]}


def _accept(call: Call, text: bytes, limits: CallLimits) -> tuple[int, bytes]:
    if len(text) > limits.call_bytes:
        raise TooLarge("event_too_large", f"a call of {len(text)} bytes, at most {limits.call_bytes} are taken")
    if call.type not in KINDS:
        raise InvalidCall("unknown_type", f"type is {call.type!r}, expected one of {', '.join(sorted(KINDS))}")
    user_id, anonymous_id = _id(call, "user_id"), _id(call, "anonymous_id")
    subject = subject_of(user_id, anonymous_id)
    if subject is None:
        raise InvalidCall("id_required", "userId or anonymousId is required")
    if call.type != "page":
        _check_named(call)
    message_id = id_text(call.message_id)
    if message_id is None:
        text = _with(text, messageId=new_id())
    elif len(message_id) > limits.message_id_length:
        raise InvalidCall("message_id_too_long", f"messageId is longer than {limits.message_id_length} characters")
    return _partition_of(subject), text


def _check_named(call: Call) -> None:
    required = _NAMED_BY.get(call.type or "")
    if required is not None and _id(call, required) is None:
        raise InvalidCall(f"{required}_required", f"{_camel(required)} is required in a {call.type} call")
    if call.type == "alias" and (call.user_id is None or _id(call, "previous_id") is None):
        raise InvalidCall("alias_ids_required", "userId and previousId are required in an alias call")


def _id(call: Call, field: str) -> str | None:
    value = id_text(getattr(call, field))
    if value is not None and len(value) > MAX_ID_LENGTH:
        raise InvalidCall(f"{field}_too_long", f"{_camel(field)} is longer than {MAX_ID_LENGTH} characters")
    return value


def _camel(field: str) -> str:
    return field.replace("_id", "Id")


def _with(text: bytes, **fields: str) -> bytes:
    """The JSON object `text` with `fields` added behind the others, where the last of a name counts."""
    return text[:-1] + b"," + msgspec.json.encode(fields)[1:]
