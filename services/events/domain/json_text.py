"""Which JSON texts are taken: what another service or database could not hold is refused (RFC 8259)."""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import Any, NoReturn

from services.events.domain.errors import InvalidCall

MAX_DEPTH = 64

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""A string, also one that never ends: else each quote in it would be tried as the beginning of another."""
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def check_json_text(body: bytes) -> None:
    """Raise InvalidCall for what no decoder is asked about: no UTF-8, U+0000, more than `MAX_DEPTH` levels."""
    try:
        str(body, "utf-8")  # fields that are only passed on are not decoded, and so not checked, later
    except UnicodeDecodeError as error:
        raise InvalidCall("invalid_json", f"the body is not UTF-8: {error.reason} at byte {error.start}") from error
    if b"\\" in body and _NUL.search(body):
        raise InvalidCall("invalid_json", "the character U+0000 cannot be stored")
    # Brackets inside strings may look like depth: only then look again without strings.
    if not _is_shallow(body) and not _is_shallow(_STRING.sub(b"", body)):
        raise InvalidCall("invalid_json", f"nested more than {MAX_DEPTH} levels deep, or brackets do not match")


def decode_leniently(text: bytes) -> Any:
    """The value of a JSON text in which a number that nothing here can hold, such as 1e999, is taken as a text.

    Raises ValueError (json.JSONDecodeError among it), or RecursionError.
    """
    return json.loads(text, parse_int=_integer, parse_float=_float, parse_constant=_refused)


def _integer(digits: str) -> int | str:
    try:
        return int(digits)
    except ValueError:  # longer than Python reads (sys.get_int_max_str_digits)
        return digits


def _float(digits: str) -> float | str:
    number = float(digits)
    return number if isfinite(number) else digits


def _refused(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _is_shallow(text: bytes) -> bool:
    """Whether taking away innermost pairs of brackets `MAX_DEPTH` times leaves none."""
    brackets = text.translate(None, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return True
        shorter = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if len(shorter) == len(brackets):
            return False
        brackets = shorter
    return not brackets
