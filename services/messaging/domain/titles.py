"""Titles and genders, as people state them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

Gender = Literal["female", "male"]

_MALE = frozenset(["m", "male", "man", "boy", "mr", "mister", "男", "男性", "男生", "先生"])
_FEMALE = frozenset(["f", "female", "woman", "girl", "mrs", "ms", "miss", "女", "女性", "女生", "小姐", "女士", "太太"])
_TITLES: Mapping[str, str] = {
    "mr": "Mr", "mister": "Mr", "mrs": "Mrs", "ms": "Ms", "miss": "Miss", "mx": "Mx", "dr": "Dr", "doctor": "Dr",
    "prof": "Prof", "professor": "Prof",
    "先生": "Mr", "小姐": "Ms", "女士": "Ms", "太太": "Mrs", "博士": "Dr", "教授": "Prof",
}  # fmt: skip
GENDER_OF_TITLE: Mapping[str, Gender] = {"Mr": "male", "Mrs": "female", "Ms": "female", "Miss": "female"}
TITLE_BEHIND = re.compile(r"(先生|小姐|女士|太太|博士|教授)$")
"""A title that follows the name, as in Chinese."""


def title_of(value: object) -> str | None:
    """The title that a word is, as it is written in English; None of any other word."""
    return _TITLES.get(value.strip().rstrip(".").casefold()) if isinstance(value, str) else None


def gender_of(value: object) -> Gender | None:
    """The gender that a word states."""
    if not isinstance(value, str):
        return None
    word = value.strip().casefold()
    return "male" if word in _MALE else "female" if word in _FEMALE else None
