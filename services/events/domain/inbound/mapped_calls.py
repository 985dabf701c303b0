"""Applying a mapping to a payload."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.events.domain.inbound.errors import MappingFlaw, Unmappable
from services.events.domain.inbound.mapping import Condition, Listing, PayloadMapping
from services.events.domain.inbound.pointers import ABSENT, Scope
from services.events.domain.inbound.values import Values, text_of
from services.events.domain.money import read_currency
from services.events.domain.subjects import address_of, id_behind, is_phone
from services.events.domain.timing import parse_time

MAX_ELEMENTS = 1_000
_TOLD_FLAWS = 10
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class MappedCalls:
    """The calls that a payload makes, and how many of its elements (or 1 for all of it) the conditions passed over."""

    calls: tuple[Mapping[str, Any], ...]
    passed_over: int


def map_payload(mapping: PayloadMapping, payload: object, *, default_currency: str | None = None) -> MappedCalls:
    """The calls of the tracking API that a payload tells; `messageId` is missing where the mapping names none.

    Raises Unmappable with the first reasons when one of them cannot be made.
    """
    whole = Scope(payload, payload)
    if not all(_holds(condition, whole) for condition in mapping.when if condition.place.is_absolute):
        return MappedCalls((), 1)
    elements = _elements(mapping, payload)
    calls: list[Mapping[str, Any]] = []
    flaws: list[MappingFlaw] = []
    for number, element in enumerate(elements):
        scope = Scope(payload, element)
        if not all(_holds(condition, scope) for condition in mapping.when):
            continue
        values = Values(scope)
        calls.append(_Making(mapping, values, default_currency).call())
        at = None if mapping.each is None else number
        flaws += [MappingFlaw(target, reason, at) for target, reason in values.flaws]
    flaws += _repeated(calls)
    if flaws:
        raise Unmappable(flaws[:_TOLD_FLAWS])
    return MappedCalls(tuple(calls), len(elements) - len(calls))


def _holds(condition: Condition, scope: Scope) -> bool:
    return text_of(condition.place.find(scope)) in condition.among


def _elements(mapping: PayloadMapping, payload: object) -> list[Any]:
    if mapping.each is None:
        return [payload]
    found = mapping.each.find(Scope(payload, payload))
    if not isinstance(found, list):
        raise Unmappable([MappingFlaw("for_each", f"there is no array at {mapping.each.text}")])
    if len(found) > MAX_ELEMENTS:
        raise Unmappable([MappingFlaw("for_each", f"{len(found)} elements, at most {MAX_ELEMENTS} are taken")])
    return found


def _repeated(calls: list[Mapping[str, Any]]) -> list[MappingFlaw]:
    stated = [call["messageId"] for call in calls if "messageId" in call]
    if len(set(stated)) == len(stated):
        return []
    return [MappingFlaw("message_id", "two elements have the same; use one of the element's own (./…)")]


@dataclass(slots=True)
class _Making:
    """One call in the making."""

    mapping: PayloadMapping
    values: Values
    default_currency: str | None
    context: dict[str, Any] = field(default_factory=dict)

    def call(self) -> dict[str, Any]:
        mapping = self.mapping
        currency = self._currency()
        properties = dict(self.values.fields("properties", mapping.properties, currency))
        traits = dict(self.values.fields("traits", mapping.traits, currency))
        call: dict[str, Any] = {"type": mapping.kind, **self._who(traits), **self._when_and_where()}
        if self.context:
            call["context"] = self.context
        if mapping.kind == "identify":
            return call | {"traits": traits}
        event = self._text("event")
        if event is None:
            self.values.refuse("event", "nothing names the event")
        return call | {"event": event, "properties": properties}

    def _currency(self) -> str | None:
        stated = self.mapping.properties.get("currency")
        named = ABSENT if isinstance(stated, Listing) else self.values.value("currency", stated)
        return read_currency(named) or self.default_currency

    def _who(self, traits: dict[str, Any]) -> dict[str, Any]:
        """The ids; an address or telephone names in every call, behind a hash where nothing else names anybody."""
        named: dict[str, Any] = {}
        for target, field_name in (("user_id", "userId"), ("anonymous_id", "anonymousId"), ("message_id", "messageId")):
            text = self._text(target)
            if text is not None:
                named[field_name] = text
        others = dict(self._other_names())
        if others:
            self.context["externalIds"] = [{"type": k, "id": v, "collection": "users"} for k, v in others.items()]
            traits.update({kind: name for kind, name in others.items() if kind not in traits})
        if "userId" not in named and "anonymousId" not in named:
            if others:
                named["anonymousId"] = id_behind(*next(iter(others.items())))
            else:
                self.values.refuse("user_id", "nobody is named: user_id, anonymous_id, email and phone are empty")
        return named

    def _other_names(self) -> Iterator[tuple[str, str]]:
        stated = self._text("email")
        if stated is not None:
            if (address := address_of(stated)) is not None:
                yield "email", address
            else:
                self.values.refuse("email", "not an e-mail address")
        phone = self._text("phone")
        if phone is not None:
            if is_phone(phone):
                yield "phone", phone
            else:
                self.values.refuse("phone", "not a telephone number, such as +886 2 2345 6789")

    def _when_and_where(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        happened = self._moment()
        if happened is not None:
            found["timestamp"] = happened.isoformat()
        channel = self._text("channel")
        if channel is not None:
            found["channel"] = channel
        for target, field_name in (("user_agent", "userAgent"), ("department", "department")):
            text = self._text(target)
            if text is not None:
                self.context[field_name] = text
        return found

    def _moment(self) -> datetime | None:
        stated = self.values.value("timestamp", self.mapping.targets.get("timestamp"))
        if stated is ABSENT:
            return None
        if isinstance(stated, str) and _NUMBER.fullmatch(stated.strip()):
            stated = float(stated)
        happened = parse_time(stated) if isinstance(stated, str | int | float) and stated is not True else None
        if happened is None:
            self.values.refuse("timestamp", "neither ISO 8601 nor seconds or milliseconds since 1970")
        return happened

    def _text(self, target: str) -> str | None:
        return self.values.text(target, self.mapping.targets.get(target))
