"""What pydantic finds wrong, in plain words; and patterns, with what each wants in the place of a regular expression.

A pattern that several modules use stands here; any other is given its words where it is written, by `worded`.
"""

from __future__ import annotations

import re

from pydantic_core import ErrorDetails

_WORDS: dict[str, str] = {}
_AN_OBJECT = "must be an object: names and values in braces"
_MISSING = "Field required"
_PLAIN = {
    "missing": "required, but not there",
    "model_type": _AN_OBJECT,
    "model_attributes_type": _AN_OBJECT,
    "dict_type": _AN_OBJECT,
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be an integer",
    "int_parsing": "must be an integer",
    "int_from_float": "must be an integer",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "string_type": "must be a text",
    "list_type": "must be a list, in square brackets",
    "timezone_aware": "must say its offset from UTC, such as 2026-01-31T08:00:00+08:00, or Z for UTC itself",
}
_SUBJECT = re.compile(r"^(Input should|String should|List should|Dictionary should|Value should) ")


def worded(pattern: str, words: str) -> str:
    """`pattern`, of which problems from now on say that the value must be `words`."""
    _WORDS[pattern] = words
    return pattern


def in_words(pattern: str) -> str | None:
    """What a value must be to match; None of a pattern that nobody has given words."""
    return _WORDS.get(pattern)


def told(error: ErrorDetails) -> str:
    """What pydantic found wrong, in words."""
    if error["type"] == "string_pattern_mismatch" and (words := in_words(error["ctx"]["pattern"])):
        return f"must be {words}"
    said = error["msg"].removeprefix("Value error, ").replace(" after validation", "")
    if error["type"] == "missing" and said != _MISSING:  # in words of our own, which say what there is
        return said
    return _PLAIN.get(error["type"]) or _SUBJECT.sub("must ", said)


ID = worded(r"^[0-9a-f-]+$", "an id: 0 to 9, a to f and hyphens")
UUID = worded(
    r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    "a UUID in small letters, such as 0193f0a2-7c1e-7b6a-9f3e-2f1f6f0e8a11",
)
STORABLE = worded(r"^[^\x00]*$", "a text without the character U+0000")
NOT_EMPTY = worded(r"^[^\x00]+$", "a text of at least one character, without U+0000")
NOT_BLANK = worded(r"^[^\x00]*\S[^\x00]*$", "a text with more than spaces in it, without the character U+0000")
CURRENCY = worded(r"^[A-Z]{3}$", "an ISO 4217 currency code: three capital letters, such as EUR")
COUNTRY = worded(r"^[A-Z]{2}$", "an ISO 3166 country code: two capital letters, such as TW")
VISIBLE_ASCII = worded(r"^[\x21-\x7e]+$", "letters, digits and signs of ASCII, without spaces")
