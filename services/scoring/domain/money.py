"""Minor units of currencies, to print amounts with."""

from __future__ import annotations

_WITHOUT = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
_TEN_THOUSANDTHS = "CLF UYW"


def minor_digits(currency: str) -> int:
    """Decimal digits of the minor unit (ISO 4217); 2 for a code that is not known to differ."""
    if currency in _WITHOUT.split():
        return 0
    if currency in _THOUSANDTHS.split():
        return 3
    return 4 if currency in _TEN_THOUSANDTHS.split() else 2


def format_money(minor: float, currency: str) -> str:
    """An amount for people, such as `GBP 1,234.50`."""
    digits = minor_digits(currency)
    return f"{currency} {minor / 10**digits:,.{digits}f}"
