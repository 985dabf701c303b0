"""The values that a template sees of one customer: bounded, cleaned, and absent where they are not known."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from typing import Any

from babel import Locale

from services.messaging.adapters.jinja import wording
from services.messaging.adapters.jinja.filters import NeutralName
from services.messaging.adapters.jinja.grammar import LEAST_TOO_LARGE, MAX_LIST, MAX_TEXT
from services.messaging.domain.campaigns import Sender
from services.messaging.domain.contacts import Contact, LastPurchase
from services.messaging.domain.languages import Language
from services.messaging.domain.salutations import NEUTRAL, salutation

_MAX_DEPTH = 3
_EMPTY_WORDS = frozenset(["none", "null", "nan", "undefined"])


def data_of(
    contact: Contact, names: Collection[str], *, language: Language, sender: Sender, unsubscribe_url: str
) -> dict[str, Any]:
    """The variables for one message, as far as `names` asks for them."""
    person, neutral = contact.person, NEUTRAL[language]
    data: dict[str, Any] = {
        "first_name": person.first or NeutralName(name=neutral),
        "last_name": person.last or NeutralName(name=neutral),
        "full_name": person.full or NeutralName(name=neutral),
        "sender": sender.name or sender.address,
        "unsubscribe_url": unsubscribe_url,
    }
    if "salutation" in names:
        data["salutation"] = salutation(person, language)
    if "traits" in names:
        data["traits"] = _bounded(contact.traits, _MAX_DEPTH) or {}
    if "last_purchase" in names and contact.last_purchase is not None:
        locale = wording.locale_of(contact.language, language)
        data["last_purchase"] = _purchase(contact.last_purchase, locale, contact.timezone)
    return data


def _purchase(purchase: LastPurchase, locale: Locale, timezone: str | None) -> dict[str, Any]:
    said: dict[str, Any] = {"date": wording.long_date(wording.local_date(purchase.at, timezone), locale)}
    if purchase.amount_minor is not None and purchase.currency is not None:
        said["amount"] = wording.money(purchase.amount_minor, purchase.currency, locale)
    if order_id := _text(purchase.order_id or ""):
        said["order_id"] = order_id
    if products := [product for product in map(_text, purchase.products[:MAX_LIST]) if product]:
        said["products"] = products
    return said


def _bounded(value: Any, depth: int) -> Any:
    """`value` cut to what templates may see; None for what is empty or says "no value"."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (bool, int, float)):
        # NaN and infinities are no figures that one tells a customer; ints beyond 64 bits are no figures at all.
        return value if value == value and abs(value) < LEAST_TOO_LARGE else None
    if depth and isinstance(value, Mapping):
        pairs = ((key, _bounded(item, depth - 1)) for key, item in list(value.items())[: 4 * MAX_LIST])
        return {key: item for key, item in pairs if item is not None} or None
    if depth and isinstance(value, (list, tuple)):
        items = (_bounded(item, depth - 1) for item in value[:MAX_LIST])
        return [item for item in items if item is not None] or None
    return None


def _text(value: str) -> str | None:
    """One line of visible text, or None."""
    text = value[:MAX_TEXT]
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(char)[0] in "ZC" else char for char in text)
    text = text.strip()
    return None if not text or text.casefold() in _EMPTY_WORDS else text
