"""Amounts in minor units, as ISO 4217 divides each currency."""

from __future__ import annotations

_NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DIGITS = "CLF UYW"
_DIGITS = {
    code: digits for digits, codes in ((0, _NO_DIGITS), (3, _THREE_DIGITS), (4, _FOUR_DIGITS)) for code in codes.split()
}


def minor_digits(currency: str) -> int:
    """Decimal places of the currency's minor unit; 2 for those not known to differ (ISO 4217, list one)."""
    return _DIGITS.get(currency, 2)


def format_money(minor: float, currency: str) -> str:
    """An amount for people, such as `GBP 1,234.50`."""
    digits = minor_digits(currency)
    return f"{currency} {minor / 10**digits:,.{digits}f}"
