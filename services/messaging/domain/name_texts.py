"""Whether a text is a name at all: people and programs type what is none in any which way."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from services.messaging.domain.titles import TITLE_BEHIND, title_of

LONGEST_NAME = 80
"""Characters."""
PARTICLES = frozenset(
    ["van", "von", "de", "der", "den", "del", "della", "di", "da", "dos", "du", "la", "le", "ter", "ten", "bin", "al"]
)
"""What stands in small letters before a surname."""
_JUNK = frozenset([
    "null", "none", "(null)", "(none)", "nil", "n/a", "n.a.", "undefined", "unknown", "anonymous", "test",
    "testing", "customer", "guest", "user", "noname", "no-name", "無", "无", "空", "未知", "不明", "不詳", "匿名",
    "測試", "访客", "訪客", "顧客",
]) | {"no name", "not available", "not provided", "first name", "last name", "full name"}  # fmt: skip
_STAND_INS = frozenset(["none", "null", "(none)", "(null)", "undefined", "n/a"])
_PUNCTUATION = "\"'`,;:-_*. "
_ADDRESS_OR_MARKUP = re.compile(r"[@<>{}\\|]|://|%[0-9a-z(]", re.IGNORECASE)


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
    if all(_says_nothing(word) for word in TITLE_BEHIND.sub("", name).split()):
        return None
    return _capitalised(name) if name.islower() else name


def _capitalised(name: str) -> str:
    """`jane van der berg`, as people type who are in a hurry, as Jane van der Berg."""
    first, *others = name.split(" ")
    kept = [word if word in PARTICLES else word[0].upper() + word[1:] for word in others]
    return " ".join([first if others and first in PARTICLES else first[0].upper() + first[1:], *kept])


def _is_stand_in(word: str) -> bool:
    """What programs write where they have no name. `nan` is what spreadsheets leave behind; Nan is a name."""
    bare = TITLE_BEHIND.sub("", word).strip(_PUNCTUATION)
    return bare.casefold() in _STAND_INS or bare in ("nan", "NaN", "NAN")


def _says_nothing(word: str) -> bool:
    bare = word.strip(_PUNCTUATION)
    return bare.casefold() in _JUNK or title_of(bare) is not None or not any(map(str.isalpha, bare))


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    shown = "".join(" " if unicodedata.category(char)[0] in "ZC" else char for char in text)
    return unicodedata.normalize("NFC", shown)
