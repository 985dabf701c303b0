"""The comparable forms of a trait's value: what segment conditions see, in memory and in SQL alike."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from services.profile.domain.identifiers import EMAIL, folded_email

MAX_TEXT = 500
"""Characters that conditions compare; of a longer text they see the first MAX_TEXT + 1, so that none equals it."""

_SEPARATOR = "\x1f"
_LOOKS_LIKE_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?")


@dataclass(frozen=True, slots=True)
class Term:
    """A value in every form it has, its texts in Unicode NFC; a value has at most one of text (with `moment` when it
    reads as a time), number and flag, or the `items` of a list."""

    text: str | None = None
    number: float | None = None
    flag: bool | None = None
    moment: datetime | None = None
    items: str | None = None


def term_of(value: Any) -> Term:
    """The forms of a JSON value; an object has none, and only exists."""
    match value:
        case bool():
            return Term(flag=value)
        case int() | float():
            return Term(number=_finite(value))
        case str():
            return Term(text=nfc(value)[: MAX_TEXT + 1], moment=moment_of(value))
        case list() | tuple():
            return Term(items=_joined(value))
        case _:
            return Term()


def trait_term(key: str, value: Any) -> Term:
    """The forms of a trait: an e-mail address is the same in capitals and small letters, as it is as a name."""
    match value:
        case list() | tuple():
            return term_of([comparable(key, each) for each in value])
        case _:
            return term_of(comparable(key, value))


def comparable(key: str, value: Any) -> Any:
    """What stands for a text where the trait `key` is compared; every other value is as it is."""
    if not isinstance(value, str):
        return value
    return folded_email(value) if key == EMAIL else nfc(value)


def nfc(text: str) -> str:
    """The one spelling of texts that people cannot tell apart (Unicode Standard Annex 15)."""
    return unicodedata.normalize("NFC", text)


def moment_of(text: str, *, end_of_day: bool = False) -> datetime | None:
    """An ISO 8601 date or time in UTC, None when it is neither; a date is its first (or last) microsecond."""
    if not _LOOKS_LIKE_TIME.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
        if len(text) == 10 and end_of_day:
            moment = datetime.combine(moment, time.max)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def item(value: str | float | bool) -> str:
    """How a list's member stands in `Term.items`, so that finding it is finding a substring."""
    return f"{_SEPARATOR}{_spelled(value)}{_SEPARATOR}"


def _joined(values: Sequence[Any]) -> str:
    scalars = (value for value in values if isinstance(value, str | int | float))
    return "".join(item(value) for value in scalars)


def _spelled(value: str | float | bool) -> str:
    if isinstance(value, str):
        return "s" + nfc(value).replace(_SEPARATOR, " ")
    if isinstance(value, bool):
        return "b1" if value else "b0"
    number = _finite(value)
    return f"n{number!r}"


def _finite(value: float) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
