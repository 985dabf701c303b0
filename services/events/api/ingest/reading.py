"""From a body to calls, strictly: what another service or database could not hold is refused here (RFC 8259)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from services.events.domain.errors import InvalidCall
from services.events.use_cases.accept_calls import CallLimits, Lanes, accept_batch, accept_call
from services.events.use_cases.calls import BatchCall, BatchTexts, Call, Moment

MAX_DEPTH = 64

_T = TypeVar("_T")
_batch = msgspec.json.Decoder(BatchCall)
_texts = msgspec.json.Decoder(BatchTexts)
_call = msgspec.json.Decoder(Call)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


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
    _check(body)
    if target == BATCH:
        batch, texts = _decoded(_batch, body), _decoded(_texts, body).batch
        lanes = accept_batch(batch.batch, texts, limits)
        return Accepted(lanes, batch.write_key, batch.sent_at, batch.context, batch.integrations)
    call = _decoded(_call, body)
    return Accepted(accept_call(call, body, kind=target, limits=limits), call.write_key)


def _decoded(decoder: msgspec.json.Decoder[_T], body: bytes) -> _T:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidCall("invalid_call", str(error)) from error
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise InvalidCall("invalid_json", f"the body is not JSON: {error}") from error


def _check(body: bytes) -> None:
    try:
        str(body, "utf-8")  # fields that are only passed on are not decoded, and so not checked, below
    except UnicodeDecodeError as error:
        raise InvalidCall("invalid_json", f"the body is not UTF-8: {error.reason} at byte {error.start}") from error
    if b"\\" in body and _NUL.search(body):
        raise InvalidCall("invalid_json", "the character U+0000 cannot be stored")
    # Brackets inside strings may look like depth: only then look again without strings.
    if not _is_shallow(body) and not _is_shallow(_STRING.sub(b"", body)):
        raise InvalidCall("invalid_json", f"nested more than {MAX_DEPTH} levels deep, or brackets do not match")


def _is_shallow(text: bytes) -> bool:
    """Whether taking away innermost pairs of brackets `MAX_DEPTH` times leaves none."""
    brackets = text.translate(None, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return True
        shorter = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if len(shorter) == len(brackets):
            return False
        brackets = shorter
    return not brackets
