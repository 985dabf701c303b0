"""Amounts in minor units, as ISO 4217 divides each currency."""

from __future__ import annotations

from decimal import Decimal

_NO_MINOR_UNIT = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
_THOUSANDTHS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
_TEN_THOUSANDTHS = frozenset(["CLF", "UYW"])


def minor_digits(currency: str) -> int:
    """Decimal places of the currency's minor unit; 2 for those not known to differ (ISO 4217, list one)."""
    if currency in _NO_MINOR_UNIT:
        return 0
    if currency in _THOUSANDTHS:
        return 3
    return 4 if currency in _TEN_THOUSANDTHS else 2


def from_minor(amount_minor: int, currency: str) -> Decimal:
    """The exact amount in the currency's major unit."""
    return Decimal(amount_minor).scaleb(-minor_digits(currency))
