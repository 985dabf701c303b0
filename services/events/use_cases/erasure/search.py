"""Whether what is kept as text is about somebody who has to be erased."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from services.events.domain.subjects import ids_behind
from services.events.use_cases.calls import subject_in
from services.events.use_cases.erasure.ports import ToErase
from shared.bus.cloudevents import Event
from shared.contracts.ingest import IngestReceivedV1, IngestWebhookReceivedV1
from shared.contracts.profile import ProfileErasedV1

_ERASED = "profile.erased"
_received = msgspec.json.Decoder(IngestReceivedV1).decode


class Search:
    """Looks for one customer in many texts; what cannot be about them is seen at a glance."""

    def __init__(self, who: ToErase) -> None:
        self._who = who
        self._subjects = frozenset(who.subjects)
        self._profiles = frozenset(who.profile_ids)
        self._ids = frozenset(subject.partition(":")[2] for subject in who.subjects)
        self._signs = [json.dumps(text, ensure_ascii=False).encode() for text in (*who.subjects, *who.profile_ids)]

    def holds(self, body: bytes) -> bool:
        """Whether the body of a webhook is about the customer; that of the erasure itself stays."""
        if not any(sign in body for sign in self._signs):
            return False
        message = json.loads(body)
        data = message["data"]
        return message["type"] != _ERASED and self._is_about(data) and not self._is_later(data.get("received_at"))

    def mended(self, event: Event) -> Event | None:
        """What is left of a dead letter when everything about the customer is taken out; None when nothing is."""
        if event.type == IngestReceivedV1.event_type:
            return self._without_calls(event)
        if event.type == ProfileErasedV1.event_type:
            return event
        if event.type == IngestWebhookReceivedV1.event_type:
            return None if self._is_in_webhook(event.data) else event
        try:
            data = msgspec.json.decode(event.data)
        except msgspec.DecodeError:
            return None if any(sign.strip(b'"') in event.data for sign in self._signs) else event
        about = isinstance(data, dict) and self._is_about(data) and not self._is_later(data.get("received_at"))
        return None if about else event

    def _is_about(self, data: dict[str, Any]) -> bool:
        ids = {data.get("profile_id"), data.get("merged_profile_id")}
        return data.get("subject") in self._subjects or bool(ids & self._profiles)

    def _is_later(self, received_at: object) -> bool:
        return isinstance(received_at, str) and datetime.fromisoformat(received_at) > self._who.until

    def _without_calls(self, event: Event) -> Event | None:
        try:
            received = _received(event.data)
        except msgspec.MsgspecError:
            return None if any(name.encode() in event.data for name in self._ids) else event
        if received.received_at > self._who.until:
            return event
        others = tuple(call for call in received.events if not self._is_call_of(bytes(call)))
        if len(others) == len(received.events):
            return event
        if not others:
            return None
        return Event(
            id=event.id,
            source=event.source,
            type=event.type,
            time=event.time,
            data=msgspec.json.encode(msgspec.structs.replace(received, events=others)),
            subject=event.subject,
            traceparent=event.traceparent,
        )

    def _is_call_of(self, text: bytes) -> bool:
        try:
            return subject_in(text) in self._subjects
        except (msgspec.MsgspecError, RecursionError, ValueError):
            return any(json.dumps(name, ensure_ascii=False).encode() in text for name in self._ids)

    def _is_in_webhook(self, data: bytes) -> bool:
        """A partner's body has a form of its own: any text or number in it counts that is one of the customer's ids,
        or the address behind one."""
        try:
            received = msgspec.json.decode(data, type=IngestWebhookReceivedV1)
            body = json.loads(received.body)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return any(name.encode() in data for name in self._ids)
        return received.received_at <= self._who.until and self._names_them(_leaves(body))

    def _names_them(self, texts: Iterator[str]) -> bool:
        return any(name in self._ids for text in texts for name in ids_behind(text.strip()))


def _leaves(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for each in value.values():
                yield from _leaves(each)
        case list():
            for each in value:
                yield from _leaves(each)
        case str() | int() | float() if not isinstance(value, bool):
            yield str(value)
