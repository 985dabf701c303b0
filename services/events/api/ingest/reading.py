"""From a body to calls, strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from services.events.domain.errors import InvalidCall
from services.events.domain.json_text import checked_json_text
from services.events.use_cases.accept_calls import CallLimits, Lanes, accept_batch, accept_call
from services.events.use_cases.calls import BatchCall, BatchTexts, CallOutline, Moment

_T = TypeVar("_T")
_batch = msgspec.json.Decoder(BatchCall)
_texts = msgspec.json.Decoder(BatchTexts)
_call = msgspec.json.Decoder(CallOutline)

_PLACE = re.compile(r" - at `\$(.*)`$")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]|(.)")

_TRUNCATED = "Input data was truncated"
_BYTE = re.compile(r"\(byte (\d+)\)$")

_LONG_TIME = 100
_SHOWN = 20

BATCH = "batch"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What one request brought, checked, and what its calls share."""

    lanes: Lanes
    write_key: str | None
    sent_at: Moment = None
    context: Mapping[str, Any] | None = None
    integrations: Mapping[str, Any] | None = None
    flaws: tuple[str, ...] = ()


def accept(body: bytes, *, target: str, limits: CallLimits) -> Accepted:
    """The calls in a body, where `target` is `batch` or the kind of a single call. Raises InvalidCall or TooLarge."""
    body = checked_json_text(body)
    if target == BATCH:
        batch, texts = _decoded(_batch, body), _decoded(_texts, body)
        lanes = accept_batch(batch.batch, texts.batch, limits, shared_bytes=_shared_bytes(batch))
        shared = batch.sent_at, batch.context, batch.integrations, texts.shared_flaws
        return Accepted(lanes, batch.write_key, *shared)
    call = _decoded(_call, body)
    return Accepted(accept_call(call, body, kind=target, limits=limits), call.write_key)


def _decoded(decoder: msgspec.json.Decoder[_T], body: bytes) -> _T:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidCall("invalid_call", str(error), within=pointer_in(error)) from error
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise InvalidCall("invalid_json", f"the body is not JSON: {what_is_no_json(error, body)}") from error


def what_is_no_json(error: Exception, body: bytes) -> str:
    """What a decoder found wrong in a text, with the place and what stands there."""
    if not body.strip():
        return "it is empty"
    told = str(error)
    if told == _TRUNCATED:
        end = f"it ends after byte {len(body) - 1}, inside a text, an array or an object"
        return f"{end}; close it, or send what is missing"
    place = _BYTE.search(told)
    at = int(place[1]) if place else 0
    near = f", at {body[at : at + _SHOWN].decode('utf-8', 'replace')!r}" if place and at < len(body) else ""
    return f"{told.removeprefix('JSON is malformed: ')}{near}"


def _shared_bytes(batch: BatchCall) -> int:
    """The size of what every call of a batch is kept with; nothing, where that is but a time."""
    if batch.context or batch.integrations or (isinstance(batch.sent_at, str) and len(batch.sent_at) > _LONG_TIME):
        return len(msgspec.json.encode((batch.sent_at, batch.context, batch.integrations)))
    return 0


def pointer_in(error: msgspec.ValidationError) -> str:
    """A JSON pointer to what does not fit, as deep as the error tells: it does not name the keys of free objects."""
    place = _PLACE.search(str(error))
    pointer = ""
    for name, index, unknown in _STEP.findall(place[1] if place else ""):
        if unknown:
            break
        pointer += f"/{name or index}"
    return pointer
