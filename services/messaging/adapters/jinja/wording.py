"""Dates and amounts in the reader's own form (CLDR, through Babel)."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency

from services.messaging.domain.languages import Language
from services.messaging.domain.money import from_minor


@lru_cache(maxsize=1024)
def locale_of(tag: str | None, language: Language) -> Locale:
    """The locale of a reader of `tag` written to in `language`: `en-GB` keeps its region, Chinese is Taiwan's."""
    if language == "en" and tag and tag[:2].casefold() == "en":
        try:
            return Locale.parse(tag.replace("-", "_").split(".")[0])
        except (ValueError, UnknownLocaleError):
            pass
    return Locale.parse("zh_Hant_TW" if language == "zh-TW" else "en")


def local_date(at: datetime, timezone: str | None) -> date:
    """The calendar day at the customer; in UTC where their zone is not known."""
    try:
        return at.astimezone(ZoneInfo(timezone)).date() if timezone else at.date()
    except (ZoneInfoNotFoundError, ValueError, OSError, OverflowError):
        return at.date()


@lru_cache(maxsize=16_384)
def long_date(day: date, locale: Locale) -> str:
    """`December 9, 2011`, `9 December 2011`, `2011年12月9日`."""
    return str(format_date(day, format="long", locale=locale))


@lru_cache(maxsize=65_536)
def money(amount_minor: int, currency: str, locale: Locale) -> str:
    """`£12.50`, `NT$1,200.00`; a currency that CLDR does not know keeps its code."""
    return str(format_currency(from_minor(amount_minor, currency), currency, locale=locale))
