"""Which language a customer is written to: BCP 47 tags, looked up as RFC 4647 section 3.4 does."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

Language = Literal["en", "zh-TW"]
LANGUAGES: tuple[Language, ...] = ("en", "zh-TW")
"""What texts for customers exist in."""


def language_of(tag: object) -> Language | None:
    """The supported language that serves a reader of `tag` (`zh-Hant-HK`, `en_GB.UTF-8`), or None.

    Every Chinese tag is served by zh-TW, the only Chinese there is here; `zh-Hans` too, whose readers read it more
    easily than English.
    """
    if not isinstance(tag, str):
        return None
    subtags = tag.strip().split(".")[0].replace("_", "-").casefold().split("-")
    return {"en": "en", "zh": "zh-TW", "cmn": "zh-TW", "yue": "zh-TW"}.get(subtags[0])  # type: ignore[return-value]


def choose_language(wanted: object, available: Collection[str], *, default: Language) -> Language:
    """The language to write in: the reader's where there is a text in it, else `default`, else what there is."""
    for language in (language_of(wanted), default, *LANGUAGES):
        if language is not None and language in available:
            return language
    raise ValueError("a template without a text")


def as_language(text: str) -> Language:
    """`text` known to be one of LANGUAGES, as its type. Raises ValueError when it is not."""
    for language in LANGUAGES:
        if text == language:
            return language
    raise ValueError(f"no texts exist in {text!r}")
