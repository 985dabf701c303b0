"""Lone surrogates and NUL through every door to the timeline: kept, with a flaw, and nothing beside them is lost."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from tests.integration.events.suite import WRITE_KEY, Events, wait_until

SURROGATE, NUL = "lone-surrogate-replaced", "nul-replaced"
SECRET = "a-secret-of-the-shop"  # noqa: S105 - of this test


def posted(events: Events, path: str, body: bytes, **headers: str) -> None:
    answer = events.http.post(path, content=body, auth=(WRITE_KEY, ""), headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"success": True})


def told(events: Events, message_id: str) -> dict[str, Any]:
    (touchpoint,) = events.by_message(message_id)
    return touchpoint


def test_in_a_batch_they_cost_neither_their_calls_nor_the_others(events: Events) -> None:
    calls = [
        rb'{"type":"page","userId":"u","messageId":"cut","properties":{"title":"tea \ud83d"}}',
        rb'{"type":"track","event":"a\u0000","userId":"u","messageId":"nul","properties":{"x":1e999}}',
        rb'{"type":"page","userId":"x\ud83d","messageId":"one"}',
        rb'{"type":"page","userId":"x\ud83e","messageId":"other"}',
        b'{"type":"page","userId":"u","messageId":"sound","properties":{"title":"\xef\xbf\xbd"}}',
    ]
    posted(events, "/v1/batch", b'{"batch":[%b]}' % b",".join(calls))
    assert events.wait_for(5)["dead_letters"] == 0
    cut, nul = told(events, "cut"), told(events, "nul")
    assert (cut["properties"], cut["flaws"]) == ({"title": "tea \ufffd"}, [SURROGATE])
    assert (nul["name"], nul["properties"], nul["flaws"]) == ("a\ufffd", {"x": "1e999"}, ["number-out-of-range", NUL])
    assert [told(events, name)["user_id"] for name in ("one", "other")] == ["x\ufffdd83d", "x\ufffdd83e"]
    assert told(events, "sound").get("flaws", []) == []


def test_what_a_batch_shares_is_a_flaw_of_each_of_its_calls(events: Events) -> None:
    calls = b",".join(b'{"type":"page","userId":"u","messageId":"m%d"}' % number for number in range(2))
    posted(events, "/v1/batch", rb'{"batch":[%b],"context":{"page":{"title":"\udc00"}}}' % calls)
    events.wait_for(2)
    for name in ("m0", "m1"):
        assert (told(events, name)["context"]["page"], told(events, name)["flaws"]) == (
            {"title": "\ufffd"},
            [SURROGATE],
        )


def test_in_a_single_call_and_in_cloud_events(events: Events) -> None:
    posted(events, "/v1/track", rb'{"event":"E","userId":"u","messageId":"t","properties":{"x":["\ud83d\u0000"]}}')
    event = b'{"specversion":"1.0","id":"%b","source":"/s","type":"t","subject":"u","data":{"x":"%b"}}'
    together = b"[%b,%b]" % (event % (b"1", rb"\ud83d"), event % (b"2", b"sound"))
    posted(events, "/v1/cloudevents", together, **{"Content-Type": "application/cloudevents-batch+json"})
    ce = {"ce-specversion": "1.0", "ce-id": "3", "ce-source": "/s", "ce-type": "t", "ce-subject": "u"}
    posted(events, "/v1/cloudevents", b"a\x00b", **ce, **{"Content-Type": "text/plain"})
    assert events.wait_for(4)["dead_letters"] == 0
    assert (told(events, "t")["properties"], told(events, "t")["flaws"]) == ({"x": ["\ufffd\ufffd"]}, [SURROGATE, NUL])
    assert (told(events, "/s 1")["properties"], told(events, "/s 1")["flaws"]) == ({"x": "\ufffd"}, [SURROGATE])
    assert told(events, "/s 2").get("flaws", []) == []
    assert (told(events, "/s 3")["properties"], told(events, "/s 3")["flaws"]) == ({"data": "a\ufffdb"}, [NUL])


def test_a_partners_webhook_with_them_is_no_dead_letter(events: Events) -> None:
    wanted = {
        "name": "shop",
        "verification": {"kind": "hmac", "header": "X-Mac", "secret": SECRET},
        "mapping": {"event": "Visited", "user_id": "/card", "message_id": "/id", "properties": {"title": "/title"}},
    }
    source = events.post("/v1/inbound-sources", json=wanted).json()
    for body in (rb'{"id":"1","card":"c\ud83d","title":"x"}', rb'{"id":"2","card":"c\ud83e","title":"a\u0000"}'):
        mac = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert events.http.post(source["path"], content=body, headers={"X-Mac": mac}).status_code == 200
    assert wait_until(events.summary, lambda seen: seen["touchpoints"] >= 2)["dead_letters"] == 0
    one, two = told(events, "1"), told(events, "2")
    assert (one["user_id"], one["flaws"]) == ("c\ufffdd83d", [SURROGATE])
    assert (two["user_id"], two["flaws"]) == ("c\ufffdd83e", [SURROGATE, NUL])


@pytest.mark.parametrize(
    ("headers", "body", "where"),
    [
        ({}, rb'{"batch":[{"type":"page","userId":"u"},{"type":"page","userId":"\u0000\u0000"}]}', "/batch/1"),
        (
            {"Content-Type": "application/cloudevents+json"},
            rb'{"specversion":"1.0","id":"\ud83d","source":"/s","type":"t","subject":"u"}',
            "/id",
        ),
    ],
)
def test_what_names_nobody_or_breaks_a_specification_is_refused_where_it_is(
    gate: Events, headers: dict[str, str], body: bytes, where: str
) -> None:
    path = "/v1/cloudevents" if headers else "/v1/batch"
    answer = gate.http.post(path, content=body, auth=(WRITE_KEY, ""), headers=headers)
    assert answer.status_code == 400
    assert [each["where"] for each in answer.json()["errors"]] == [where]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{bad", "object keys must be strings (byte 1), at 'bad'"),
        (b'{"batch": [', "it ends after byte 10"),
        (b"", "it is empty"),
        (b'{"batch": [{"userId": "\xff"}]}', "not UTF-8: invalid start byte at byte 23"),
        (b"[" * 65, "nested more than 64 levels deep at byte 64"),
        (b'{"batch": [{"a": tru}]}', "invalid character (byte 18), at 'ru}]}'"),
    ],
)
def test_what_is_no_json_is_refused_with_the_place(gate: Events, body: bytes, told: str) -> None:
    answer = gate.http.post("/v1/batch", content=body, auth=(WRITE_KEY, ""))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")
    assert told in answer.json()["detail"]
