"""Applying a mapping to a payload."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.events.domain.inbound.errors import MappingFlaw, Unmappable
from services.events.domain.inbound.mapping import Condition, Constant, Expression, Listing, PayloadMapping
from services.events.domain.inbound.pointers import ABSENT, Scope
from services.events.domain.money import MINOR_DIGITS, read_currency, read_number
from services.events.domain.subjects import address_of, id_behind, id_text
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
        made = _Making(mapping, scope, default_currency)
        call = made.call()
        calls.append(call)
        at = None if mapping.each is None else number
        flaws += [MappingFlaw(target, reason, at) for target, reason in made.flaws]
    flaws += _repeated(calls)
    if flaws:
        raise Unmappable(flaws[:_TOLD_FLAWS])
    return MappedCalls(tuple(calls), len(elements) - len(calls))


def _holds(condition: Condition, scope: Scope) -> bool:
    return _text(condition.place.find(scope)) in condition.among


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
    """One call in the making, with what went wrong so far."""

    mapping: PayloadMapping
    scope: Scope
    default_currency: str | None
    flaws: list[tuple[str, str]] = field(default_factory=list)
    context: dict[str, Any] = field(default_factory=dict)

    def call(self) -> dict[str, Any]:
        mapping = self.mapping
        currency = read_currency(self._value("currency", mapping.properties.get("currency"), None))
        currency = currency or self.default_currency
        properties = dict(self._parts("properties", mapping.properties, currency))
        traits = dict(self._parts("traits", mapping.traits, currency))
        call: dict[str, Any] = {"type": mapping.kind, **self._who(traits), **self._when_and_where()}
        if self.context:
            call["context"] = self.context
        if mapping.kind == "identify":
            return call | {"traits": traits}
        event = self._target_text("event")
        if event is None:
            self.flaws.append(("event", "nothing names the event"))
        return call | {"event": event, "properties": properties}

    def _who(self, traits: dict[str, Any]) -> dict[str, Any]:
        """The ids; an address is a name in every call, and where it is the only one, stands behind its hash."""
        named: dict[str, Any] = {}
        for target, field_name in (("user_id", "userId"), ("anonymous_id", "anonymousId"), ("message_id", "messageId")):
            text = self._target_text(target)
            if text is not None:
                named[field_name] = text
        address = self._address()
        if address is not None:
            self.context["externalIds"] = [{"type": "email", "id": address, "collection": "users"}]
            traits.setdefault("email", address)
        if "userId" not in named and "anonymousId" not in named:
            if address is None:
                self.flaws.append(("user_id", "nobody is named: user_id, anonymous_id and email are empty"))
            else:
                named["anonymousId"] = id_behind("email", address)
        return named

    def _address(self) -> str | None:
        stated = self._target_text("email")
        address = None if stated is None else address_of(stated)
        if stated is not None and address is None:
            self.flaws.append(("email", "not an e-mail address"))
        return address

    def _when_and_where(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        happened = self._moment()
        if happened is not None:
            found["timestamp"] = happened.isoformat()
        channel = self._target_text("channel")
        if channel is not None:
            found["channel"] = channel
        for target, field_name in (("user_agent", "userAgent"), ("department", "department")):
            text = self._target_text(target)
            if text is not None:
                self.context[field_name] = text
        return found

    def _moment(self) -> datetime | None:
        stated = self._value("timestamp", self.mapping.targets.get("timestamp"), None)
        if stated is ABSENT:
            return None
        if isinstance(stated, str) and _NUMBER.fullmatch(stated.strip()):
            stated = float(stated)
        happened = parse_time(stated) if isinstance(stated, str | int | float) and stated is not True else None
        if happened is None:
            self.flaws.append(("timestamp", "neither ISO 8601 nor seconds or milliseconds since 1970"))
        return happened

    def _target_text(self, target: str) -> str | None:
        value = self._value(target, self.mapping.targets.get(target), None)
        if value is ABSENT:
            return None
        text = _text(value)
        if text is None:
            self.flaws.append((target, "neither a text nor a number"))
        return text or None

    def _parts(
        self, place: str, parts: Mapping[str, Expression | Listing], currency: str | None
    ) -> Iterator[tuple[str, Any]]:
        for name, part in parts.items():
            target = f"{place}.{name}"
            value = (
                self._listed(target, part, currency)
                if isinstance(part, Listing)
                else self._value(target, part, currency)
            )
            if value is not ABSENT:
                yield name, value

    def _listed(self, target: str, listing: Listing, currency: str | None) -> object:
        found = listing.each.find(self.scope)
        if found is ABSENT:
            return ABSENT
        if not isinstance(found, list):
            self.flaws.append((target, f"there is no array at {listing.each.text}"))
            return ABSENT
        outer, items = self.scope, []
        for element in found:
            self.scope = Scope(outer.root, element)
            named = ((name, self._value(f"{target}.{name}", one, currency)) for name, one in listing.item.items())
            items.append({name: value for name, value in named if value is not ABSENT})
        self.scope = outer
        return items

    def _value(self, target: str, expression: Expression | Listing | None, currency: str | None) -> object:
        if expression is None or isinstance(expression, Listing):
            return ABSENT
        if isinstance(expression, Constant):
            return expression.value
        value = expression.place.find(self.scope)
        if expression.lookup is not None and value is not ABSENT:
            value = expression.lookup.get(_text(value) or "", ABSENT)
        if value is ABSENT:
            return expression.default
        match expression.form:
            case "text":
                return _text(value)
            case "minor_units":
                return self._major(target, value, currency)
            case None:
                return value

    def _major(self, target: str, value: object, currency: str | None) -> object:
        amount = read_number(value)
        if amount is None or currency is None:
            reason = "no amount in minor units" if amount is None else "minor units of no known currency"
            self.flaws.append((target, reason))
            return ABSENT
        return format(amount.scaleb(-MINOR_DIGITS[currency]), "f")


def _text(value: object) -> str | None:
    """A text, number or boolean as text; None for anything else, and for an empty text."""
    if isinstance(value, bool):
        return str(value).lower()
    return id_text(value) if isinstance(value, str | int | float) else None
