"""From a body to calls, strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from services.events.domain.errors import InvalidCall
from services.events.domain.json_text import check_json_text
from services.events.use_cases.accept_calls import CallLimits, Lanes, accept_batch, accept_call
from services.events.use_cases.calls import BatchCall, BatchTexts, CallOutline, Moment

_T = TypeVar("_T")
_batch = msgspec.json.Decoder(BatchCall)
_texts = msgspec.json.Decoder(BatchTexts)
_call = msgspec.json.Decoder(CallOutline)

_PLACE = re.compile(r" - at `\$(.*)`$")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]|(.)")

_LONG_TIME = 100

BATCH = "batch"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What one request brought, checked, and what its calls share."""

    lanes: Lanes
    write_key: str | None
    sent_at: Moment = None
    context: Mapping[str, Any] | None = None
    integrations: Mapping[str, Any] | None = None


def accept(body: bytes, *, target: str, limits: CallLimits) -> Accepted:
    """The calls in a body, where `target` is `batch` or the kind of a single call. Raises InvalidCall or TooLarge."""
    check_json_text(body)
    if target == BATCH:
        batch, texts = _decoded(_batch, body), _decoded(_texts, body).batch
        lanes = accept_batch(batch.batch, texts, limits, shared_bytes=_shared_bytes(batch))
        return Accepted(lanes, batch.write_key, batch.sent_at, batch.context, batch.integrations)
    call = _decoded(_call, body)
    return Accepted(accept_call(call, body, kind=target, limits=limits), call.write_key)


def _decoded(decoder: msgspec.json.Decoder[_T], body: bytes) -> _T:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidCall("invalid_call", str(error), within=pointer_in(error)) from error
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise InvalidCall("invalid_json", f"the body is not JSON: {error}") from error


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
