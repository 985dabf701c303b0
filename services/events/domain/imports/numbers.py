"""Numbers and amounts in cells, as files of tills and offices write them."""

from __future__ import annotations

import re

from services.events.domain.imports.errors import CellRefused
from services.events.domain.money import MINOR_DIGITS, read_number

OF_NUMBERS = frozenset({"number", "integer", "major_units", "minor_units"})
"""The forms of a column in which numbers are read."""

_WITH_COMMA = re.compile(r"(-?(?:\d{1,3}(?:([. '\u2019\u00a0\u202f])\d{3}(?:\2\d{3})*)|\d+))(?:,(\d+))?", re.ASCII)
"""As most of Europe writes numbers: a comma before the decimals, points, spaces or apostrophes between thousands."""


def shown(value: object) -> str:
    """A cell as a refusal shows it."""
    return repr(str(value)[:60])


def in_major_units(value: object, currency: str | None) -> str:
    """An amount in cents or the like as an amount in the currency. Raises CellRefused."""
    amount = read_number(value)
    if amount is None or amount != amount.to_integral_value():
        raise CellRefused(f"{shown(value)} is no whole number of the currency's smallest unit, such as 1999")
    if currency is None:
        raise CellRefused("an amount in minor units needs a currency: map properties.currency, or set default_currency")
    return format(amount.scaleb(-MINOR_DIGITS[currency]), "f")


def with_point(text: str) -> str:
    """A text as Python writes numbers that has a comma before its decimals. Raises CellRefused."""
    found = _WITH_COMMA.fullmatch(text)
    if found is None:
        raise CellRefused(f"{shown(text)} is no number with a comma before its decimals, such as 1.234,50")
    whole = re.sub(r"[^\d-]", "", found[1])
    return f"{whole}.{found[3]}" if found[3] else whole


def number(value: object) -> int | float:
    """Any number. Raises CellRefused."""
    amount = read_number(value)
    if amount is None:
        raise _no_number(value, "no number, such as 1234.5")
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def integer(value: object) -> int:
    """A whole number. Raises CellRefused."""
    amount = read_number(value)
    if amount is None or amount != amount.to_integral_value():
        raise _no_number(value, "no whole number, such as 12")
    return int(amount)


def in_text(value: object) -> str:
    """An amount, exactly as it is. Raises CellRefused."""
    amount = read_number(value)
    if amount is None:
        raise _no_number(value, "no amount, such as 1234.50")
    return format(amount, "f")


def _no_number(value: object, told: str) -> CellRefused:
    has_commas = isinstance(value, str) and _WITH_COMMA.fullmatch(value)
    hint = '; where a comma stands before the decimals, the mapping says `"decimal": ","` of the column'
    return CellRefused(f"{shown(value)} is {told}{hint if has_commas else ''}")
