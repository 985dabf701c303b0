"""Amounts: exact decimals in, integer minor units out."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

_TWO_DIGITS = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY
COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS
INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD
NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP
SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ZWL
"""
_NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DIGITS = "CLF UYW"

MINOR_DIGITS: Final[dict[str, int]] = {
    code: digits
    for digits, codes in ((2, _TWO_DIGITS), (0, _NO_DIGITS), (3, _THREE_DIGITS), (4, _FOUR_DIGITS))
    for code in codes.split()
}
"""Decimal places of each currency (ISO 4217, list one; a few lately withdrawn codes for historical orders)."""

_GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_MAX_TEXT = 40
_MAX_EXPONENT = 13
"""Numbers of 10^14 and more are no prices; in minor units they would not fit 64 bits."""


def read_currency(value: object) -> str | None:
    """An ISO 4217 code in capitals, or None for what is none."""
    code = value.strip().upper() if isinstance(value, str) else ""
    return code if code in MINOR_DIGITS else None


def read_number(value: object) -> Decimal | None:
    """A number or a text of one (`"1,234.50"`) as an exact decimal; None for what is none or no plausible price.

    A float is read by its shortest text, which is what the sender wrote.
    """
    match value:
        case bool():
            return None
        case int():
            return _parsed(value) if abs(value) < 10**_MAX_TEXT else None
        case str():
            return _parsed(value) if len(value) <= _MAX_TEXT else None
        case float() | Decimal():
            return _parsed(value)
        case _:
            return None


@lru_cache(maxsize=16_384, typed=True)  # shops have few prices, and orders have many lines
def _parsed(value: int | float | str | Decimal) -> Decimal | None:
    text = str(value).strip()
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    plausible = number.is_finite() and (not number or abs(number.adjusted()) <= _MAX_EXPONENT)
    return number if plausible else None


def minor_units(amount: Decimal, currency: str) -> int:
    """`amount` in the currency's smallest unit, halves away from zero. Raises KeyError for an unknown currency."""
    return int(amount.scaleb(MINOR_DIGITS[currency]).quantize(Decimal(1), rounding=ROUND_HALF_UP))
