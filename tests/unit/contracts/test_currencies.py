"""Facts carry money in minor units, so that whoever writes and whoever reads one must divide each currency alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.events.domain.money import MINOR_DIGITS
from services.messaging.domain import money as messaging
from services.scoring.domain import money as scoring


@pytest.mark.parametrize("minor_digits", [messaging.minor_digits, scoring.minor_digits], ids=["messaging", "scoring"])
def test_currencies_are_divided_as_events_divides_them(minor_digits: Callable[[str], int]) -> None:
    assert {currency: minor_digits(currency) for currency in MINOR_DIGITS} == MINOR_DIGITS
