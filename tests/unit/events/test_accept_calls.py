"""The rules that a client hears about at once."""

from __future__ import annotations

import contextlib
from math import inf
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.events.api.ingest.reading import accept
from services.events.domain.errors import InvalidCall, TooLarge
from services.events.domain.json_text import MAX_DEPTH
from services.events.use_cases.accept_calls import CallLimits
from services.events.use_cases.calls import decode_call
from shared.contracts.topics import INGEST

LIMITS = CallLimits()


def batch(*calls: dict[str, Any], **shared: Any) -> dict[int, list[Any]]:
    lanes = accept(msgspec.json.encode({"batch": calls, **shared}), target="batch", limits=LIMITS).lanes
    return {partition: [msgspec.json.decode(text) for text in lane] for partition, lane in lanes.items()}


def single(kind: str, **call: Any) -> dict[str, Any]:
    (lane,) = accept(msgspec.json.encode(call), target=kind, limits=LIMITS).lanes.values()
    (text,) = lane
    return dict(msgspec.json.decode(text))


def refusal(body: bytes, target: str = "batch") -> InvalidCall:
    with pytest.raises(InvalidCall) as caught:
        accept(body, target=target, limits=LIMITS)
    return caught.value


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40))
def test_calls_of_one_subject_stay_together_and_in_order(subjects: list[int]) -> None:
    calls = [{"type": "page", "userId": f"u{subject}", "messageId": f"m{n}"} for n, subject in enumerate(subjects)]
    lanes = batch(*calls)
    for partition, lane in lanes.items():
        assert {INGEST.partition_of(f"user_id:{call['userId']}") for call in lane} == {partition}
        numbers = [int(call["messageId"][1:]) for call in lane]
        assert numbers == sorted(numbers)
    assert sum(map(len, lanes.values())) == len(calls)


def test_what_is_missing_is_added_and_the_rest_is_untouched() -> None:
    taken = single("track", userId=7, event="A", properties={"x": 1.10})
    assert taken["type"] == "track"
    assert len(taken.pop("messageId")) == 36
    assert single("track", userId=7, event="A", messageId="m", type=None)["messageId"] == "m"
    assert single("page", anonymousId="a", messageId=None)["messageId"]
    assert single("page", anonymousId="a", type="track")["type"] == "page"


def test_the_same_customer_goes_to_one_partition_however_the_id_is_written() -> None:
    assert len(batch(*({"type": "page", "userId": value} for value in (42, "42", 42.0, " 42 ")))) == 1


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ({"type": "page"}, "id_required"),
        ({"type": "page", "userId": "", "anonymousId": None}, "id_required"),
        ({"type": "page", "userId": "  "}, "id_required"),
        ({"type": "page", "userId": "x" * 256}, "invalid_call"),
        ({"type": "page", "userId": "u", "groupId": "x" * 256}, "invalid_call"),
        ({"type": "page", "userId": 10**300}, "user_id_too_long"),
        ({"type": "track", "userId": "u"}, "event_required"),
        ({"type": "track", "userId": "u", "event": " "}, "event_required"),
        ({"type": "group", "userId": "u"}, "group_id_required"),
        ({"type": "alias", "userId": "u"}, "alias_ids_required"),
        ({"type": "alias", "anonymousId": "a", "previousId": "p"}, "alias_ids_required"),
        ({"type": "trak", "userId": "u"}, "unknown_type"),
        ({"userId": "u"}, "unknown_type"),
        ({"type": "page", "userId": "u", "messageId": "m" * 101}, "message_id_too_long"),
        ({"type": "page", "userId": "u", "properties": {"x": "y" * 33_000}}, "event_too_large"),
        ({"type": "page", "userId": ["u"]}, "invalid_call"),
        ({"type": "page", "userId": "u", "properties": "none"}, "invalid_call"),
    ],
)
def test_a_bad_call_refuses_the_whole_batch_and_says_which(call: dict[str, Any], code: str) -> None:
    good = {"type": "page", "userId": "u"}
    error = refusal(msgspec.json.encode({"batch": [good, call, good]}))
    assert error.code == code
    assert "batch[1]" in str(error)


@pytest.mark.parametrize(
    ("target", "body", "where"),
    [
        ("batch", b"[]", None),
        ("batch", b"{", None),
        ("batch", b'{"batch": null}', "/batch"),
        ("batch", b'{"batch": [{}, null]}', "/batch/1"),
        ("batch", b'{"batch": [{"userId": true}]}', "/batch/0/userId"),
        ("batch", b'{"batch": [{"type": "page"}]}', "/batch/0"),
        ("page", b'{"userId": "u", "properties": []}', "/properties"),
        ("page", b'{"userId": "u", "timestamp": 1e999}', "/timestamp"),
        ("batch", b'{"batch": [{"type": "page", "userId": "u"}], "context": {"a": 1e999}}', "/context"),
    ],
)
def test_a_refusal_points_at_what_is_wrong(target: str, body: bytes, where: str | None) -> None:
    assert refusal(body, target).where == where


@pytest.mark.parametrize("field", ["userId", "messageId", "context", "properties", "timestamp", "event", "name"])
def test_explicit_nulls_are_taken(field: str) -> None:
    assert single("page", **{"anonymousId": "a", field: None})


def test_too_many_calls_are_too_large() -> None:
    error = refusal(msgspec.json.encode({"batch": [{"type": "page", "userId": "u"}] * 2_501}))
    assert (type(error), error.code) == (TooLarge, "too_many_events")


@pytest.mark.parametrize(
    ("calls", "shared"),
    [
        (1, {"context": {"x": "y" * 33_000}}), (1, {"integrations": {"x": "y" * 33_000}}),
        (1, {"sentAt": "y" * 33_000}),
        (2_500, {"context": {"x": "y" * 5_000}}), (600, {"context": {"x": "y" * 15_000}}),
    ],
)  # fmt: skip
def test_what_a_batch_says_once_counts_for_each_of_its_calls(calls: int, shared: dict[str, Any]) -> None:
    error = refusal(msgspec.json.encode({"batch": [{"type": "page", "userId": "u"}] * calls, **shared}))
    assert (type(error), error.code) == (TooLarge, "shared_too_large")


def test_a_large_batch_may_share_what_clients_say_of_themselves() -> None:
    shared = {"context": {"app": "x" * 2_000}, "sentAt": "2026-01-01T00:00:00Z"}
    assert batch(*[{"type": "page", "userId": "u"}] * 2_500, **shared)
    assert batch({"type": "page", "userId": "u"}, context={"app": "x" * 30_000})


def page(value: bytes) -> bytes:
    return b'{"userId":"u","properties":{"x":' + value + b"}}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"not json",
        b'{"userId":"u"} x',
        page(b"NaN"),
        page(b"Infinity"),
        page(b'"a\x00b"'),
        page(b'"\xff"'),
        page(b'"\xed\xa0\x80"'),
        page(b"[" * 70 + b"]" * 70),
        page(b"[" * 100_000),
        b"[" * 200_000 + b"]" * 200_000,
        b'{"userId":"u","unread":"\xff"}',
        2 * b"\xef\xbb\xbf" + page(b"1"),
    ],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    assert refusal(body, "page").code in ("invalid_json", "invalid_call")


digits = st.text("0123456789", min_size=1, max_size=400)
numbers = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "-"]),
        digits.map(lambda text: text.lstrip("0") or "0") | st.just("9" * 5_000),
        st.just("") | digits.map(".{}".format),
        st.just("") | st.builds("{}{}{}".format, st.sampled_from("eE"), st.sampled_from(["", "+", "-"]), digits),
    ),
)


@given(st.lists(numbers, min_size=1, max_size=3))
@example(["1e999"])
@example(["9" * 5_000])
def test_every_number_is_taken_and_what_nothing_here_can_hold_is_read_as_its_text(stated: list[str]) -> None:
    body = f'{{"userId":"u","properties":{{"x":[{", ".join(stated)}]}}}}'.encode()
    ((text,),) = accept(body, target="page", limits=LIMITS).lanes.values()
    call, flaws = decode_call(bytes(text))
    assert call.properties is not None
    read = call.properties["x"]
    held = [float(number) if set(number) & set(".eE") else holdable(number) for number in stated]
    expected = [number if value in (None, inf, -inf) else value for number, value in zip(stated, held, strict=True)]
    assert read == expected
    assert bool(flaws) == (read != held)


def holdable(number: str) -> int | None:
    try:
        return int(number)
    except ValueError:
        return None


def test_brackets_and_escapes_in_texts_are_no_depth_and_no_nul() -> None:
    assert accept(page(b'"' + b"[{" * 200 + b'"'), target="page", limits=LIMITS).lanes
    assert accept(page(b'"\\\\u0000 \\u4e2d"'), target="page", limits=LIMITS).lanes
    deep = MAX_DEPTH - 2
    assert accept(page(b"[" * deep + b"]" * deep), target="page", limits=LIMITS).lanes


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.dictionaries(st.sampled_from(["type", "userId", "event", "messageId", "context", "properties"]), json_values))
def test_any_json_is_taken_or_refused(call: dict[str, Any]) -> None:
    try:
        body = msgspec.json.encode({"batch": [call]})
    except UnicodeEncodeError:
        return
    with contextlib.suppress(InvalidCall):
        assert accept(body, target="batch", limits=LIMITS).lanes
