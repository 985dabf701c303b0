"""Which JSON texts are taken: what another service or database could not hold is refused (RFC 8259)."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from math import isfinite
from typing import Any, NoReturn

from services.events.domain.errors import InvalidCall
from services.events.domain.storable_text import made_storable

MAX_DEPTH = 64

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""A string, also one that never ends: else each quote in it would be tried as the beginning of another."""
_STRUCTURE = re.compile(_STRING.pattern + rb"|[\[\]{}]", re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def checked_json_text(body: bytes, *, all_names: bool = False) -> bytes:
    """A JSON text as it can be stored, for no decoder looks at what is only passed on: see `made_storable`.

    Without a byte order mark, which .NET and PowerShell write and a parser may ignore (RFC 8259, section 8.1).
    Raises InvalidCall for bytes that are no UTF-8, and for more than `MAX_DEPTH` levels. Whether the text is JSON at
    all, a decoder says.
    """
    body = body.removeprefix(BOM_UTF8)
    try:
        str(body, "utf-8")
    except UnicodeDecodeError as error:
        wrong = f"the body is not UTF-8: {error.reason} at byte {error.start}; send JSON in UTF-8"
        raise InvalidCall("invalid_json", wrong) from error
    # Brackets inside strings may look like depth: only then look again without strings.
    if not _is_shallow(body) and not _is_shallow(_STRING.sub(b"", body)):
        _check_depth(body)
    return made_storable(body, all_names=all_names)


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


def _check_depth(text: bytes) -> None:
    """Brackets that merely do not match are a decoder's to tell."""
    depth = 0
    for token in _STRUCTURE.finditer(text):
        depth += (token[0] in b"[{") - (token[0] in b"]}")
        if depth > MAX_DEPTH:
            told = (
                f"nested more than {MAX_DEPTH} levels deep at byte {token.start()}; send less deep objects and arrays"
            )
            raise InvalidCall("invalid_json", told)


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
