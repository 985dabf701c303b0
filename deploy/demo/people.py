"""Invented customers: the data set names nobody. Who is called what follows from the customer's number alone.

Some are known only in part, and some carry what real databases carry in place of a name, for letters must come out
right for them too. Addresses end in domains reserved for examples (RFC 2606); `is_fictional` marks each person.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_NAMES = Path(__file__).with_name("data") / "invented_names.json"
_NO_NAMES = ("None", "null", "N/A", "  ", "customer@example.com")


@dataclass(frozen=True, slots=True)
class Person:
    """An invented customer, and how a letter to them must begin."""

    customer_id: str
    traits: dict[str, Any]
    salutation: str

    @property
    def speaks_chinese(self) -> bool:
        """Whether letters go out in Chinese rather than English."""
        return bool(self.traits["locale"] == "zh-TW")

    @property
    def email(self) -> str | None:
        """Where letters go; some customers never gave an address."""
        address: str | None = self.traits.get("email")
        return address


def invent(customer_id: str, country: str) -> Person:
    """The customer of this number; the same one every time."""
    dice = _Dice(customer_id)
    traits: dict[str, Any] = {"is_fictional": True, "country": country}
    if not dice.one_in(80):
        traits["email"] = f"customer-{customer_id}@{dice.pick(('example.com', 'example.net', 'mail.test'))}"
    speaks_chinese = dice.one_in(9)
    names, salutation = _chinese_name(dice) if speaks_chinese else _english_name(dice)
    locale = "zh-TW" if speaks_chinese else "en-GB"
    return Person(customer_id, {**traits, "locale": locale, **names}, salutation)


def _english_name(dice: _Dice) -> tuple[dict[str, str], str]:
    gender = dice.pick(("female", "male"))
    first, last = dice.pick(_names()["women" if gender == "female" else "men"]), dice.pick(_names()["surnames"])
    match dice.roll(20):
        case 0:
            return {}, "Dear customer"
        case 1:
            return {"firstName": dice.pick(_NO_NAMES), "lastName": dice.pick(_NO_NAMES)}, "Dear customer"
        case 2:
            return {"firstName": first}, f"Dear {first}"
        case 3:
            return {"firstName": first, "lastName": last}, f"Dear {first}"
        case 4:
            return {"firstName": first, "lastName": last, "title": "Dr"}, f"Dear Dr {last}"
        case 5:
            return {"lastName": last}, "Dear customer"
    title = "Ms" if gender == "female" else "Mr"
    return {"firstName": first, "lastName": last, "gender": gender}, f"Dear {title} {last}"


def _chinese_name(dice: _Dice) -> tuple[dict[str, str], str]:
    gender = dice.pick(("female", "male"))
    given, family = dice.pick(_names()["given_names"][gender]), dice.pick(_names()["family_names"])
    match dice.roll(10):
        case 0:
            return {"firstName": dice.pick(_NO_NAMES)}, "親愛的顧客"
        case 1:
            return {"firstName": given, "lastName": family}, f"{family}{given}您好"
        case 2:
            return {"lastName": family, "gender": gender}, f"{family}{_polite(gender)}"
    return {"firstName": given, "lastName": family, "gender": gender}, f"{family}{given}{_polite(gender)}"


@cache
def _names() -> dict[str, Any]:
    names: dict[str, Any] = json.loads(_NAMES.read_text(encoding="utf-8"))
    return names


def _polite(gender: str) -> str:
    return "小姐" if gender == "female" else "先生"


class _Dice:
    """Throws that follow from a seed alone, on every machine and in every version of Python."""

    def __init__(self, seed: str) -> None:
        self._number = int.from_bytes(hashlib.sha256(f"rapport demo {seed}".encode()).digest(), "big")

    def roll(self, sides: int) -> int:
        self._number, face = divmod(self._number, sides)
        return face

    def one_in(self, sides: int) -> bool:
        return self.roll(sides) == 0

    def pick(self, choices: Sequence[str]) -> str:
        return choices[self.roll(len(choices))]
