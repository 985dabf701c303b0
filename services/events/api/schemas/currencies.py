"""Currencies in the bodies of requests."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from services.events.domain.money import MINOR_DIGITS


def _is_a_currency(value: str | None) -> str | None:
    if value is not None and value not in MINOR_DIGITS:
        raise ValueError("not an ISO 4217 currency code")
    return value


DefaultCurrency = Annotated[
    str | None,
    Field(json_schema_extra={"enum": [*sorted(MINOR_DIGITS), None]}),
    AfterValidator(_is_a_currency),
]
"""What is meant where an order names no currency."""
