"""Lone surrogates and NUL cost neither a call nor its batch, whatever they stand in."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.events.api.ingest.reading import Accepted, accept
from services.events.domain.errors import InvalidCall
from services.events.domain.storable_text import LONE_SURROGATE, NUL, made_storable, replaced_in
from services.events.use_cases.accept_calls import CallLimits
from services.events.use_cases.calls import decode_call

LIMITS = CallLimits()


def mended(text: str) -> Any:
    return json.loads(made_storable(text.encode()))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (r'"cut \ud83d"', "cut \ufffd"),
        (r'"\ud83d\ud83d\ude00\uDE00"', "\ufffd\U0001f600\ufffd"),
        (r'"a\u0000b"', "a\ufffdb"),
        (r'"\\ud83d \\u0000 \\\ud83d"', "\\ud83d \\u0000 \\\ufffd"),
        (r'"王 \u738b \n"', "王 王 \n"),
        (r'{"userId" : "x\uD83D", "title": "x\ud83d"}', {"userId": "x\ufffdd83d", "title": "x\ufffd"}),
        (r'{"id": ["\ud83d"], "email": "\u0000@b.c", "paid": "\ud83d"}',
         {"id": ["\ufffd"], "email": "\ufffd0000@b.c", "paid": "\ufffd"}),
        (r'{"\ud83d": 1, "\ud83e": 2}', {"\ufffdd83d": 1, "\ufffdd83e": 2}),
        (r'{"anonymousId": "\u0000 \u0000"}', {"anonymousId": ""}),
    ],
)  # fmt: skip
def test_texts_get_the_replacement_character_and_names_stay_apart(text: str, read: object) -> None:
    assert mended(text) == read


def test_flaws_say_what_was_replaced() -> None:
    assert replaced_in(made_storable(rb'["\ud83d"]')) == (LONE_SURROGATE,)
    assert replaced_in(made_storable(rb'["\u0000"]')) == (NUL,)
    assert replaced_in(made_storable(rb'["\ud83d\u0000"]')) == (LONE_SURROGATE, NUL)
    assert replaced_in(made_storable('["\ufffd", "\\ufffd", "\\uFFFD"]'.encode())) == ()


units = st.sampled_from(["d83d", "DE00", "dbff", "0000", "0041", "fffd", "d83d\\ude00", "\\", "\\ud83d", "n", '\\"'])
escapes = st.lists(
    st.just("x") | st.just("[") | units.map(lambda unit: "\\u" + unit if unit[0] in "dD0f" else "\\" + unit)
)
texts = escapes.map("".join).map('"{}"'.format).filter(lambda text: _is_json(text))
values = st.recursive(
    texts | st.just("1.50") | st.just("1e999") | st.just("null"),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(st.tuples(texts, inner), max_size=3).map(lambda pairs: f"{{{','.join(map(' : '.join, pairs))}}}")
    ),
    max_leaves=8,
)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _pairs(text: str | bytes) -> Any:
    """A JSON text with every pair of its objects, where a dict would keep the last of a name."""
    return json.loads(text, object_pairs_hook=list)


def _holdable(value: object) -> bool:
    text = json.dumps(value, ensure_ascii=False)
    return "\\u0000" not in text.replace("\\\\", "") and not any("\ud800" <= each <= "\udfff" for each in text)


@given(values)
@example(r'["\\ud83d\udc00"]')
def test_any_json_is_made_storable_and_what_was_storable_is_left_alone(text: str) -> None:
    before = _pairs(text)
    after = made_storable(text.encode())
    assert _holdable(json.loads(after))
    assert (after == text.encode()) == _holdable(before)
    assert made_storable(after) == after


@given(st.lists(st.tuples(texts, values), min_size=1, max_size=3), values)
def test_a_batch_of_any_escapes_is_taken_whole_or_a_call_is_named(calls: list[tuple[str, str]], shared: str) -> None:
    told = ",".join(f'{{"type":"page","userId":{who},"properties":{{"x":{what}}}}}' for who, what in calls)
    body = f'{{"batch":[{told}],"context":{{"x":{shared.replace("1e999", "1")}}}}}'.encode()
    accepted = _accepted(body)
    if isinstance(accepted, InvalidCall):
        assert (accepted.code, (accepted.where or "")[:7]) == ("id_required", "/batch/")
        return
    taken = [decode_call(text) for lane in accepted.lanes.values() for text in lane]
    assert len(taken) == len(calls)
    assert all(_holdable(msgspec.to_builtins(call)) for call, _ in taken)
    assert _holdable(accepted.context)
    replaced = not _holdable(_pairs(body))
    blanked = any(_holdable(_pairs(what)) and not _holdable(_pairs(who)) for who, what in calls)
    assert blanked or replaced == any(set(flaws) & {LONE_SURROGATE, NUL} for flaws in [accepted.flaws, *_flaws(taken)])


def _accepted(body: bytes) -> Accepted | InvalidCall:
    try:
        return accept(body, target="batch", limits=LIMITS)
    except InvalidCall as error:
        return error


def _flaws(taken: list[tuple[Any, tuple[str, ...]]]) -> list[tuple[str, ...]]:
    return [flaws for _, flaws in taken]


@given(st.binary())
def test_what_is_no_json_does_not_become_any(text: bytes) -> None:
    after = made_storable(text)
    assert after == text or b"\\u" in text


@pytest.mark.parametrize("part", [rb"\ud83d", rb'"\u0000', rb"\"\ud83d", rb'"a":"\ud83d",', b'"",', b"\\", rb"\u4e2d"])
def test_mending_takes_time_in_proportion_to_what_is_read(part: bytes) -> None:
    def seconds(times: int) -> float:
        body = b'["\\u0000' + part * times
        began = time.process_time()
        made_storable(body)
        return time.process_time() - began

    few, many = (min(seconds(times) for _ in range(5)) for times in (1_000, 8_000))
    assert many < 40 * max(few, 20e-6)
