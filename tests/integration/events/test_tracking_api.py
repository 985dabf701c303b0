"""The tracking API as real clients use and misuse it."""

from __future__ import annotations

import gc
import gzip
import json
import time
import tracemalloc
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.events.suite import WRITE_KEY, Events, events_service, settings_in

PAGE = {"type": "page", "userId": "u1", "messageId": "m1"}
SUCCESS = b'{"success": true}'


@pytest.mark.parametrize(
    "path",
    ["/v1/identify", "/v1/page", "/v1/screen", "/v1/i", "/v1/p", "/v1/s"],
)
def test_every_path_answers_exactly_what_clients_wait_for(gate: Events, path: str) -> None:
    answer = gate.send(path, PAGE)
    assert (answer.status_code, answer.content) == (200, SUCCESS)
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", ["/v1/track", "/v1/t", "/v1/group", "/v1/g", "/v1/alias", "/v1/a"])
def test_calls_with_needs_of_their_own(gate: Events, path: str) -> None:
    call = PAGE | {"event": "Viewed", "groupId": "g", "previousId": "p"}
    assert gate.send(path, call).content == SUCCESS


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/b", "/v1/import", "/beacon/v1/batch"])
def test_batches(gate: Events, path: str) -> None:
    assert gate.send(path, {"batch": [PAGE, PAGE | {"type": "identify"}]}).content == SUCCESS
    assert gate.send(path, {"batch": []}).content == SUCCESS


@pytest.mark.parametrize("path", ["/v1/import/", "//v1/import/", "//v1/batch", "/v1/track/", "//v1/page"])
def test_a_slash_too_many_is_forgiven(gate: Events, path: str) -> None:
    """Segment's Java SDK posts to `/v1/import/`, and most join a host that ends with a slash to `//v1/…`: 404 drops."""
    call = PAGE | {"event": "Viewed", "batch": [PAGE]}
    assert gate.send(f"{gate.http.base_url.join('/')}{path[1:]}", call).content == SUCCESS


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", "text/plain;charset=UTF-8"]
)
@pytest.mark.parametrize("encoding", [{}, {"Content-Encoding": "gzip"}, {"Content-Encoding": "identity"}])
@pytest.mark.parametrize("packed", [False, True])
def test_gzip_is_known_by_its_first_bytes(
    gate: Events, content_type: str, encoding: dict[str, str], packed: bool
) -> None:
    body = json.dumps({"batch": [PAGE]}).encode()
    answer = gate.http.post(
        "/v1/batch",
        content=gzip.compress(body) if packed else body,
        headers={"Content-Type": content_type, **encoding},
        auth=(WRITE_KEY, ""),
    )
    assert (answer.status_code, answer.content) == (200, SUCCESS)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_byte_order_mark_is_passed_over(events: Events, pack: Callable[[bytes], bytes]) -> None:
    """PowerShell and .NET write one."""
    call = {"userId": "u1", "event": "Viewed", "properties": {"said": "茶"}}
    bodies = {"/v1/track": call | {"messageId": "one"}, "/v1/batch": {"batch": [call | PAGE]}}
    for path, body in bodies.items():
        content = pack(BOM_UTF8 + json.dumps(body, ensure_ascii=False).encode())
        assert events.http.post(path, content=content, auth=(WRITE_KEY, "")).content == SUCCESS
    events.wait_for(2)
    for message_id in ("one", "m1"):
        (told,) = events.by_message(message_id)
        assert told["properties"] == {"said": "茶"}


def test_the_write_key_may_stand_in_header_query_or_body(gate: Events) -> None:
    body = {"batch": [PAGE]}
    assert gate.http.post("/v1/batch", json=body | {"writeKey": WRITE_KEY}).status_code == 200
    assert gate.http.post("/v1/page", json=PAGE | {"writeKey": WRITE_KEY}).status_code == 200
    assert gate.http.post(f"/v1/batch?writeKey={WRITE_KEY}", json=body).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic d3JvbmdrZXk6"},
        {"Authorization": f"Bearer {WRITE_KEY}"},
        {"Authorization": "Basic /////w=="},
    ],
)
def test_without_a_live_write_key_nothing_is_taken(gate: Events, headers: dict[str, str]) -> None:
    answer = gate.http.post("/v1/batch", json={"batch": [PAGE]}, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["code"] == "unknown_write_key"
    assert answer.json()["message"]
    assert "basic" not in answer.headers["www-authenticate"].lower()


def test_what_strangers_send_for_a_key_is_not_kept(gate: Events) -> None:
    def send(number: int) -> None:
        stated = f"{number}" * 200_000
        assert gate.http.post("/v1/page", json=PAGE | {"writeKey": stated[:30_000]}).status_code == 401
        assert gate.http.post("/v1/batch", json={"batch": [], "writeKey": stated}).status_code == 401
        assert gate.http.post("/v1/page", json=PAGE, auth=(stated[:40_000], "")).status_code == 401

    send(0)  # what is kept of any first request does not count
    tracemalloc.start()
    for number in range(1, 41):
        send(number)
    gc.collect()  # a refused body lives in the traceback of its refusal until then
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 2**20


def test_other_methods_are_told_what_is_meant(gate: Events) -> None:
    answer = gate.http.get("/v1/track")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_refused_batch_says_which_call_and_keeps_none(tmp_path: Path) -> None:
    big = PAGE | {"properties": {"x": "y" * 33_000}}
    with events_service(settings_in(tmp_path)) as events:
        answer = events.send("/v1/batch", {"batch": [PAGE, big, PAGE]})
        assert answer.status_code == 413
        body = answer.json()
        assert (body["code"], body["errors"][0]["where"]) == ("event_too_large", "/batch/1")
        assert body["message"]
        events.send("/v1/page", PAGE | {"messageId": "after"})
        assert events.wait_for(1)["touchpoints"] == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"batch":[{"type":"page","userId":"u","properties":{"x":NaN}}]}', 400, "invalid_json"),
        (b'{"batch":' + b"[" * 400 + b"]" * 400 + b"}", 400, "invalid_json"),
        (b"\x1f\x8bnot gzip", 400, "invalid_gzip"),
        (gzip.compress(b'{"batch":[]}', mtime=0)[:-6], 400, "invalid_gzip"),
        (b"x" * 600_000, 413, "body_too_large"),
        (gzip.compress(b"0" * 600_000, mtime=0), 413, "body_too_large"),
        (json.dumps({"batch": [PAGE] * 2_501}).encode(), 413, "too_many_events"),
        (b"", 400, "invalid_json"),
    ],
)
def test_bad_bodies_are_refused_clearly(gate: Events, body: bytes, status: int, code: str) -> None:
    answer = gate.http.post("/v1/batch", content=body, auth=(WRITE_KEY, ""))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["message"] == answer.json()["detail"]


def test_a_gzip_bomb_takes_little_memory_and_time(gate: Events) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b"\x00" * 2**20) for _ in range(300)) + packer.flush()
    gate.send("/v1/page", PAGE)
    tracemalloc.start()
    began = time.perf_counter()
    answer = gate.http.post("/v1/batch", content=bomb, auth=(WRITE_KEY, ""))
    took, (_, peak) = time.perf_counter() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 413
    assert peak < 20 * 2**20
    assert took < 2


def test_a_body_that_never_ends_is_cut_off(gate: Events) -> None:
    sent = 0

    def endless() -> Any:
        nonlocal sent
        while True:
            sent += 65_536
            yield b" " * 65_536
            if sent > 50 * 2**20:
                return

    assert gate.http.post("/v1/batch", content=endless(), auth=(WRITE_KEY, "")).status_code == 413


def test_limits_are_settings(tmp_path: Path) -> None:
    wide = settings_in(tmp_path, events_max_event_bytes=400_000, events_max_batch_events=1)
    with events_service(wide, worker=False) as gate:
        assert gate.send("/v1/page", PAGE | {"properties": {"x": "y" * 300_000}}).status_code == 200
        assert gate.send("/v1/batch", {"batch": [PAGE, PAGE]}).status_code == 413
    with pytest.raises(ValueError, match="MAX_BATCH_BYTES"):
        settings_in(tmp_path, events_max_event_bytes=500_000, events_max_batch_bytes=1_024)


def test_a_log_that_cannot_be_written_is_told_to_come_back(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the log's folder should be")
    with events_service(settings_in(tmp_path, bus_url=str(tmp_path / "taken")), worker=False) as gate:
        answer = gate.send("/v1/page", PAGE)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("packing", ["deflate", "br", "ZSTD", " compress"])
def test_other_packings_are_named(gate: Events, packing: str) -> None:
    answer = gate.send("/v1/page", PAGE, headers={"Content-Encoding": packing})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_encoding")
    assert "gzip" in answer.json()["detail"]


def test_the_tracking_api_stands_in_the_openapi_document(gate: Events) -> None:
    document = gate.http.get("/openapi.json").json()
    for path in ("/v1/batch", "/v1/track", "/v1/t"):
        operation = document["paths"][path]["post"]
        example = operation["requestBody"]["content"]["application/json"]["example"]
        assert gate.send(path, example).status_code == 200
        assert {"200", "400", "401", "413", "429", "503"} <= operation["responses"].keys()
