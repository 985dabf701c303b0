"""What a customer is called, from traits that people and programs typed in any which way."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from services.messaging.domain.surnames import split_chinese_name

Gender = Literal["female", "male"]

LONGEST_NAME = 80
_JUNK = frozenset(
    [
        "null",
        "none",
        "(null)",
        "(none)",
        "nil",
        "n/a",
        "n.a.",
        "undefined",
        "unknown",
        "anonymous",
        "test",
        "testing",
        "customer",
        "guest",
        "user",
        "noname",
        "no-name",
        "無",
        "无",
        "空",
        "未知",
        "不明",
        "不詳",
        "匿名",
        "測試",
        "访客",
        "訪客",
        "顧客",
    ]
) | {"no name", "not available", "not provided", "first name", "last name", "full name"}
_STAND_INS = frozenset(["none", "null", "(none)", "(null)", "undefined", "n/a"])
_PUNCTUATION = "\"'`,;:-_*. "
_ADDRESS_OR_MARKUP = re.compile(r"[@<>{}\\|]|://|%[0-9a-z(]", re.IGNORECASE)
_MALE = frozenset(["m", "male", "man", "boy", "mr", "mister", "男", "男性", "男生", "先生"])
_FEMALE = frozenset(["f", "female", "woman", "girl", "mrs", "ms", "miss", "女", "女性", "女生", "小姐", "女士", "太太"])
_TITLES: Mapping[str, str] = {
    "mr": "Mr", "mister": "Mr", "mrs": "Mrs", "ms": "Ms", "miss": "Miss", "mx": "Mx", "dr": "Dr", "doctor": "Dr",
    "prof": "Prof", "professor": "Prof",
    "先生": "Mr", "小姐": "Ms", "女士": "Ms", "太太": "Mrs", "博士": "Dr", "教授": "Prof",
}  # fmt: skip
_SUFFIXES = frozenset(["jr", "sr", "ii", "iii", "iv", "phd", "md", "mba", "dds", "cpa", "esq"])
_TITLE_GENDER: Mapping[str, Gender] = {"Mr": "male", "Mrs": "female", "Ms": "female", "Miss": "female"}
_PARTICLES = frozenset(
    ["van", "von", "de", "der", "den", "del", "della", "di", "da", "dos", "du", "la", "le", "ter", "ten", "bin", "al"]
)
_HAN = re.compile(r"^[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+$")
_CHINESE_SUFFIX = re.compile(r"(先生|小姐|女士|太太|博士|教授)$")


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name in its parts; a part that is not known is None and never an empty text."""

    first: str | None = None
    last: str | None = None
    title: str | None = None
    gender: Gender | None = None
    whole: str | None = None
    """The name as one text, where it was given as one."""

    @property
    def is_chinese(self) -> bool:
        """Written in Han characters, so that the surname stands first and no space between."""
        known = [part for part in (self.first, self.last, self.whole) if part]
        return bool(known) and all(_HAN.match(part) for part in known)

    @property
    def full(self) -> str | None:
        """The full name in its own order, or as much of it as is known."""
        if self.first and self.last and not self.whole:
            return f"{self.last}{self.first}" if self.is_chinese else f"{self.first} {self.last}"
        return self.whole or self.first or self.last


def clean_name(value: object) -> str | None:
    """`value` as a name, or None where it cannot be one: not text, empty, a title alone, a stand-in for "no name"
    (with a title too: "Mr None"), an address.
    """
    return _cleaned(value[: LONGEST_NAME * 4]) if isinstance(value, str) else None


@lru_cache(maxsize=8_192)
def _cleaned(value: str) -> str | None:
    """A few thousand names are those of most people."""
    words = [word for word in _visible(value).split() if not _is_stand_in(word)]
    name = " ".join(words).strip(_PUNCTUATION)
    if not name or len(name) > LONGEST_NAME or _ADDRESS_OR_MARKUP.search(name) or name.casefold() in _JUNK:
        return None
    if all(_says_nothing(word) for word in _CHINESE_SUFFIX.sub("", name).split()):
        return None
    return _capitalised(name) if name.islower() else name


def _capitalised(name: str) -> str:
    """`jane van der berg`, as people type who are in a hurry, as Jane van der Berg."""
    first, *others = name.split(" ")
    kept = [word if word in _PARTICLES else word[0].upper() + word[1:] for word in others]
    return " ".join([first if others and first in _PARTICLES else first[0].upper() + first[1:], *kept])


def _is_stand_in(word: str) -> bool:
    """What programs write where they have no name. `nan` is what spreadsheets leave behind; Nan is a name."""
    bare = _CHINESE_SUFFIX.sub("", word).strip(_PUNCTUATION)
    return bare.casefold() in _STAND_INS or bare in ("nan", "NaN", "NAN")


def _says_nothing(word: str) -> bool:
    bare = word.strip(_PUNCTUATION)
    return bare.casefold() in _JUNK or _title_of(bare) is not None or not any(map(str.isalpha, bare))


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    shown = "".join(" " if unicodedata.category(char)[0] in "ZC" else char for char in text)
    return unicodedata.normalize("NFC", shown)


def person_of(traits: Mapping[str, Any]) -> PersonName:
    """The person whom these traits name; Segment's reserved traits in camel or snake case."""

    def trait(*keys: str) -> str | None:
        return next((name for name in (clean_name(traits.get(key)) for key in keys) if name), None)

    title = _title_of(traits.get("title") or traits.get("honorific"))
    gender = _gender_of(traits.get("gender")) or _TITLE_GENDER.get(title or "")
    first, last = trait("firstName", "first_name", "given_name"), trait("lastName", "last_name", "family_name")
    if first or last:
        if first and first == last:
            last = None
        return PersonName(first=first, last=last, title=title, gender=gender)
    return _from_whole(trait("name", "fullName", "full_name"), title=title, gender=gender)


def _from_whole(name: str | None, *, title: str | None, gender: Gender | None) -> PersonName:
    if name is None:
        return PersonName(title=title, gender=gender)
    if suffix := _CHINESE_SUFFIX.search(name):
        title = title or _TITLES[suffix[1]]
        name = name[: suffix.start()].strip()
    words = name.split()
    while len(words) > 1 and (stated := _title_of(words[0])):
        title, words = title or stated, words[1:]
    gender = gender or _TITLE_GENDER.get(title or "")
    words = _without_suffixes(words)
    if not words:
        return PersonName(title=title, gender=gender)
    if all(map(_HAN.match, words)):
        name = "".join(words)
        last, first = split_chinese_name(*words)
        return PersonName(first=first, last=last, title=title, gender=gender, whole=name)
    name = " ".join(words)
    first, last = _split_western(name, words, titled=title is not None)
    if first and last and "," in name:
        name = f"{first} {last}"
    return PersonName(first=first, last=last, title=title, gender=gender, whole=name)


def _without_suffixes(words: list[str]) -> list[str]:
    """`Ann Smith, PhD` and `Sam Smith Jr.` are Smiths."""
    while len(words) > 1 and words[-1].replace(".", "").strip(",").casefold() in _SUFFIXES:
        words = [*words[:-2], words[-2].rstrip(",")]
    return words


def _split_western(name: str, words: list[str], *, titled: bool) -> tuple[str | None, str | None]:
    if name.count(",") == 1:
        last, first = (part.strip() for part in name.split(","))
        return first or None, last or None
    if len(words) == 1:
        return (None, name) if titled else (name, None)
    if words[0] in _PARTICLES:
        return None, name
    start = len(words) - 1
    while start > 1 and words[start - 1].casefold() in _PARTICLES:
        start -= 1
    return words[0], " ".join(words[start:])


def _title_of(value: object) -> str | None:
    return _TITLES.get(value.strip().rstrip(".").casefold()) if isinstance(value, str) else None


def _gender_of(value: object) -> Gender | None:
    if not isinstance(value, str):
        return None
    word = value.strip().casefold()
    return "male" if word in _MALE else "female" if word in _FEMALE else None
