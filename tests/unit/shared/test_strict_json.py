"""Request bodies are read strictly, and whatever is refused is refused with a 400 problem."""

import json
import time
from codecs import BOM_UTF8
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.events.domain.errors import InvalidCall
from services.events.domain.json_text import checked_json_text
from shared.http.problems import Problem
from shared.http.strict_json import MAX_DEPTH, read_json

_TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(_VALUES, st.booleans())
def test_what_json_can_say_is_read_as_it_was_said(value: object, ascii_only: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(_VALUES)
def test_a_byte_order_mark_is_no_part_of_a_text(value: object) -> None:
    text = json.dumps(value).encode()
    assert read_json(BOM_UTF8 + text) == value
    assert checked_json_text(BOM_UTF8 + text) == text
    with pytest.raises(Problem):
        read_json(2 * BOM_UTF8 + text)


@given(st.binary(max_size=200))
def test_no_bytes_whatever_raise_anything_but_a_problem(body: bytes) -> None:
    with suppress(Problem):
        read_json(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": NaN}',
        b"[Infinity]",
        b'"\\ud800"',
        b'"\xed\xa0\x80"',
        b'"\\u0000"',
        b'"\\\\\\u0000"',
        b"[" * 100_000,
        b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
    ],
)
def test_what_could_not_be_stored_is_refused(body: bytes) -> None:
    with pytest.raises(Problem) as refused:
        read_json(body)
    assert refused.value.status == 400


def test_an_escaped_backslash_before_u0000_is_text() -> None:
    assert read_json(rb'"\\u0000"') == "\\u0000"


def test_brackets_inside_strings_are_no_depth() -> None:
    assert read_json(json.dumps(["[" * 1000]).encode()) == ["[" * 1000]


def test_the_deepest_value_allowed_is_read() -> None:
    assert read_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


@pytest.mark.parametrize("read", [read_json, checked_json_text])
def test_reading_takes_time_in_proportion_to_what_is_read(read: Callable[[bytes], object]) -> None:
    def seconds(quotes: int) -> float:
        body = b"[" * (MAX_DEPTH + 1) + b'"' + b'\\"' * quotes
        began = time.process_time()
        with suppress(Problem, InvalidCall):
            read(body)
        return time.process_time() - began

    few, many = (min(seconds(quotes) for _ in range(5)) for quotes in (1_000, 8_000))
    assert many < 30 * max(few, 20e-6), "a string without an end was read once for every quote in it"
