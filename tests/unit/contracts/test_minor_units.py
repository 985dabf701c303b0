"""Contracts carry money in minor units: who prints them divides each currency as events did, who read the amount."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.events.domain.money import MINOR_DIGITS
from services.messaging.domain.money import minor_digits as in_letters
from services.scoring.domain.money import format_money
from services.scoring.domain.money import minor_digits as in_reasons


@pytest.mark.parametrize("digits_of", [in_letters, in_reasons])
def test_every_currency_has_the_digits_that_it_was_read_with(digits_of: Callable[[str], int]) -> None:
    assert {currency: digits_of(currency) for currency in MINOR_DIGITS} == MINOR_DIGITS


def test_an_amount_of_ten_thousandths_is_told_in_full() -> None:
    assert format_money(381_234, "CLF") == "CLF 38.1234"
