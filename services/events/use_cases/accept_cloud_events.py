"""Accepting CloudEvents: each becomes a call of the tracking API, and then everything is as for any other call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

import msgspec

from services.events.domain.cloud_events import WHO, CloudEvent, InvalidCloudEvent
from services.events.domain.errors import InvalidCall, TooLarge
from services.events.domain.event_names import tells_who, touchpoint_name
from services.events.domain.subjects import id_text
from services.events.use_cases.accept_calls import CallLimits, Lanes, accept_call
from services.events.use_cases.calls import Call

_MESSAGE_ID_LENGTH = 100
_ATTRIBUTE_OF = {"event_too_large": "data", "invalid_json": "data"}
_NOBODY = "the event is about nobody: userid, anonymousid or subject is required"
_decode = msgspec.json.Decoder(Call).decode


def accept_cloud_events(events: Sequence[CloudEvent], limits: CallLimits, *, in_batch: bool) -> Lanes:
    """Check all events, all or nothing. Raises InvalidCloudEvent with the first offender's place, or TooLarge."""
    if len(events) > limits.batch_calls:
        raise TooLarge("too_many_events", f"{len(events)} events in one batch, at most {limits.batch_calls} are taken")
    within = replace(limits, message_id_length=max(limits.message_id_length, _MESSAGE_ID_LENGTH))
    lanes: Lanes = {}
    for index, event in enumerate(events):
        try:
            accepted = _accept(event, within)
        except TooLarge as error:
            raise TooLarge(error.code, f"event {index}: {error}" if in_batch else str(error)) from error
        except InvalidCall as error:
            attribute = _ATTRIBUTE_OF.get(error.code) or _naming(event)
            at = index if in_batch else None
            message = _NOBODY if error.code == "id_required" else str(error)
            raise InvalidCloudEvent(error.code, message, attribute=attribute, index=at) from error
        for partition, texts in accepted.items():
            lanes.setdefault(partition, []).extend(texts)
    return lanes


def _naming(event: CloudEvent) -> str:
    """The attribute that says whom the event is about."""
    return next((name for name in WHO if name in event.extensions), "subject")


def message_id_of(event: CloudEvent) -> str:
    """What the event is known by: `source id`, or a hash where that is too long; no two events share one."""
    readable = f"{event.source} {event.id}"  # a URI-reference has no space, so this is one way only
    if len(readable) <= _MESSAGE_ID_LENGTH and event.id == event.id.strip():
        return readable
    return f"ce:{blake2b(readable.encode(), digest_size=32).hexdigest()}"


def _accept(event: CloudEvent, limits: CallLimits) -> Lanes:
    kind = "identify" if tells_who(event.type) else "track"
    text = msgspec.json.encode(_call_of(event, kind))
    try:
        call = _decode(text)
    except msgspec.ValidationError as error:
        raise InvalidCall("invalid_call", str(error)) from error
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise InvalidCall("invalid_json", f"data is not JSON that can be stored: {error}") from error
    return accept_call(call, text, kind=kind, limits=limits)


def _call_of(event: CloudEvent, kind: str) -> dict[str, Any]:
    """The tracking call that tells the same."""
    extensions = event.extensions
    user_id, anonymous_id = (id_text(extensions.get(name)) for name in WHO)
    if user_id is None and anonymous_id is None:
        user_id = event.subject
    called = {"userId": user_id, "anonymousId": anonymous_id}
    return {
        "type": kind,
        "messageId": message_id_of(event),
        **{name: value for name, value in called.items() if value is not None},
        **({"timestamp": event.time} if event.time else {}),
        **({"channel": str(extensions["channel"])} if "channel" in extensions else {}),
        **({"traits": _fields(event.data)} if kind == "identify" else {}),
        **({"event": touchpoint_name(event.type), "properties": _fields(event.data)} if kind == "track" else {}),
        "context": {
            "cloudEvent": _attributes(event),
            **({"userAgent": str(extensions["useragent"])} if "useragent" in extensions else {}),
            **({"department": str(extensions["department"])} if "department" in extensions else {}),
        },
    }


def _fields(data: bytes | None) -> Any:
    """Data that is an object is the properties; any other value stands under `data`."""
    if data is None:
        return {}
    return msgspec.Raw(data) if data.lstrip().startswith(b"{") else {"data": msgspec.Raw(data)}


def _attributes(event: CloudEvent) -> dict[str, Any]:
    named = {
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "datacontenttype": event.datacontenttype,
        "dataschema": event.dataschema,
    }
    kept = {name: value for name, value in event.extensions.items() if name not in WHO}
    return {**{name: value for name, value in named.items() if value is not None}, **kept}
