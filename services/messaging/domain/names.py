"""What a customer is called, from traits that people and programs typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.messaging.domain.name_texts import PARTICLES, clean_name
from services.messaging.domain.surnames import split_chinese_name
from services.messaging.domain.titles import GENDER_OF_TITLE, TITLE_BEHIND, Gender, gender_of, title_of

_SUFFIXES = frozenset(["jr", "sr", "ii", "iii", "iv", "phd", "md", "mba", "dds", "cpa", "esq"])
_HAN = re.compile(r"^[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+$")


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


def person_of(traits: Mapping[str, Any]) -> PersonName:
    """The person whom these traits name; Segment's reserved traits in camel or snake case."""

    def trait(*keys: str) -> str | None:
        return next((name for name in (clean_name(traits.get(key)) for key in keys) if name), None)

    title = title_of(traits.get("title") or traits.get("honorific"))
    gender = gender_of(traits.get("gender")) or GENDER_OF_TITLE.get(title or "")
    first, last = trait("firstName", "first_name", "given_name"), trait("lastName", "last_name", "family_name")
    if first or last:
        if first and first == last:
            last = None
        return PersonName(first=first, last=last, title=title, gender=gender)
    return _from_whole(trait("name", "fullName", "full_name"), title=title, gender=gender)


def _from_whole(name: str | None, *, title: str | None, gender: Gender | None) -> PersonName:
    if name is None:
        return PersonName(title=title, gender=gender)
    if suffix := TITLE_BEHIND.search(name):
        title = title or title_of(suffix[1])
        name = name[: suffix.start()].strip()
    words = name.split()
    while len(words) > 1 and (stated := title_of(words[0])):
        title, words = title or stated, words[1:]
    gender = gender or GENDER_OF_TITLE.get(title or "")
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
    if words[0] in PARTICLES:
        return None, name
    start = len(words) - 1
    while start > 1 and words[start - 1].casefold() in PARTICLES:
        start -= 1
    return words[0], " ".join(words[start:])
