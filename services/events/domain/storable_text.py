r"""Escapes of JSON for what no text of a database or of another reader can hold: lone surrogates and U+0000 (RFC 8259).

Encoders write them without a word where a text was cut inside an emoji, or came out of a buffer. In their place stands
U+FFFD, in a spelling of its escape that no encoder has, by which it is told later from one that the sender meant.
"""

from __future__ import annotations

import re
from functools import partial

LONE_SURROGATE = "lone-surrogate-replaced"
NUL = "nul-replaced"
_MARKS = {LONE_SURROGATE: rb"\uFfFd", NUL: rb"\ufFfD"}

_PAIR = rb"[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_UNSTORABLE = rb"0000|[dD][89a-fA-F][0-9a-fA-F]{2}"
_SOUND = rb"(?:[^\\]++|\\[^u]|\\u(?:%b|(?!%b)))*+" % (_PAIR, _UNSTORABLE)
_storable = re.compile(_SOUND, re.DOTALL).fullmatch
_ESCAPE = re.compile(rb"(%b)(?:\\u(%b))?" % (_SOUND, _UNSTORABLE), re.DOTALL)
"""What is sound, and the escape behind it that is not."""
_NEXT = re.compile(rb'((?:[^"]++|"(?:[^"\\]++|\\[^u])*+")*+)(?:"((?:[^"\\]++|\\.?)*+)("?\s*:?))?', re.DOTALL)
"""What needs no mending, up to a string with such an escape; the string; whether it is a key."""
_KEY_BEFORE = re.compile(rb'"([^"]*)"\s*:\s*$').search
_LONGEST_KEY = 100
_NAMING = re.compile(rb"(?:^id|Id|ID|_id|^e?mail|^phone)$").search
_NOBODY = re.compile(rb"(?:\\u0000|\\[fnrt]|\s)*").fullmatch


def made_storable(text: bytes, *, all_names: bool = False) -> bytes:
    """A JSON text without such escapes; what is no JSON stays so.

    Names say behind U+FFFD what it stands for, such as `d83d`, for two must not become one: keys, the values of keys
    that are called like ids and addresses, and, with `all_names`, every text.
    """
    if b"\\" not in text or _storable(text):
        return text
    return _NEXT.sub(partial(_mended, all_names=all_names), text)


def replaced_in(text: bytes) -> tuple[str, ...]:
    """The flaws of a JSON text that was made storable."""
    if b"\\" not in text:  # looking for one byte is much quicker than for two
        return ()
    return tuple(flaw for flaw, mark in _MARKS.items() if mark in text)


def _mended(match: re.Match[bytes], *, all_names: bool) -> bytes:
    sound, string, ending = match.groups()
    if string is None:
        return match[0]
    is_key = ending.endswith(b":")
    key = None if is_key else _KEY_BEFORE(sound, max(0, len(sound) - _LONGEST_KEY))
    names = all_names or is_key or (key is not None and _NAMING(key[1]))
    if names and not is_key and _NOBODY(string):
        string = b""  # an unfilled buffer is no name that customers share
    return sound + b'"' + _ESCAPE.sub(_named if names else _read, string) + ending


def _read(match: re.Match[bytes]) -> bytes:
    sound, code = match.groups()
    return sound if code is None else sound + _MARKS[NUL if code == b"0000" else LONE_SURROGATE]


def _named(match: re.Match[bytes]) -> bytes:
    return _read(match) + (match[2] or b"").lower()
