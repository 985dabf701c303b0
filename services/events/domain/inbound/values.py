"""What the expressions of a mapping give in a payload."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.events.domain.inbound.mapping import Constant, Expression, Listing
from services.events.domain.inbound.pointers import ABSENT, Pointer, Scope
from services.events.domain.money import MINOR_DIGITS, read_number
from services.events.domain.subjects import id_text


@dataclass(slots=True)
class Values:
    """Values in one scope of a payload; `flaws` says of which targets there could be none, and why."""

    scope: Scope
    flaws: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, target: str, reason: str) -> None:
        """The target cannot be what the mapping says it is."""
        self.flaws.append((target, reason))

    def text(self, target: str, expression: Expression | None) -> str | None:
        """A text or number as text; None where there is none, or an empty one."""
        value = self.value(target, expression)
        if value is ABSENT:
            return None
        text = text_of(value)
        if text is None:
            self.refuse(target, "neither a text nor a number")
        return text or None

    def fields(
        self, target: str, parts: Mapping[str, Expression | Listing], currency: str | None
    ) -> Iterator[tuple[str, Any]]:
        """The fields of an object that have a value. Amounts in minor units are of `currency`."""
        for name, part in parts.items():
            place = f"{target}.{name}"
            if isinstance(part, Listing):
                value = self._listed(place, part, currency)
            else:
                value = self.value(place, part, currency)
            if value is not ABSENT:
                yield name, value

    def value(self, target: str, expression: Expression | None, currency: str | None = None) -> object:
        """One value, of whatever type; ABSENT where there is none."""
        if expression is None:
            return ABSENT
        if isinstance(expression, Constant):
            return expression.value
        value = self._found(expression.places)
        if expression.lookup is not None and value is not ABSENT:
            value = expression.lookup.get(text_of(value) or "", ABSENT)
        if value is ABSENT:
            return expression.default
        match expression.form:
            case "text":
                return text_of(value)
            case "minor_units":
                return self._major(target, value, currency)
            case None:
                return value

    def _found(self, places: Sequence[Pointer]) -> object:
        """What is at the only place, or the first that is something at one of several."""
        found = (place.find(self.scope) for place in places)
        return next(found) if len(places) == 1 else next((each for each in found if _is_something(each)), ABSENT)

    def _listed(self, target: str, listing: Listing, currency: str | None) -> object:
        found = listing.each.find(self.scope)
        if found is ABSENT:
            return ABSENT
        if not isinstance(found, list):
            self.refuse(target, f"there is no array at {listing.each.text}")
            return ABSENT
        outer, items = self.scope, []
        for element in found:
            self.scope = Scope(outer.root, element)
            items.append(dict(self.fields(target, listing.item, currency)))
        self.scope = outer
        return items

    def _major(self, target: str, value: object, currency: str | None) -> object:
        amount = read_number(value)
        if amount is None or currency is None:
            self.refuse(target, "no amount in minor units" if amount is None else "minor units of no known currency")
            return ABSENT
        return format(amount.scaleb(-MINOR_DIGITS[currency]), "f")


def _is_something(value: object) -> bool:
    return value is not ABSENT and not (isinstance(value, str) and id_text(value) is None)


def text_of(value: object) -> str | None:
    """A text, number or boolean as text; None for anything else, and for an empty text."""
    if isinstance(value, bool):
        return str(value).lower()
    return id_text(value) if isinstance(value, str | int | float) else None
