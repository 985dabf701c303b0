"""CloudEvents over HTTP: three modes, strictly."""

from __future__ import annotations

import base64
import contextlib
import json
from codecs import BOM_UTF8
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.events.api.ingest.cloud_events import accept_events, may_be_packed
from services.events.domain.cloud_events import InvalidCloudEvent
from services.events.domain.errors import InvalidCall, TooLarge
from services.events.domain.event_names import tells_who, touchpoint_name
from services.events.use_cases.accept_calls import CallLimits
from shared.http.problems import Problem

EVENT = {"specversion": "1.0", "id": "1", "source": "/till/7", "type": "com.example.viewed", "subject": "u"}
STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"


def sent(headers: dict[str, str | bytes], body: bytes) -> list[dict[str, Any]]:
    raw = [(n.lower().encode(), v if isinstance(v, bytes) else v.encode()) for n, v in headers.items()]
    lanes = accept_events(raw, body, CallLimits())
    return [msgspec.json.decode(text) for lane in lanes.values() for text in lane]


def structured(content_type: str = STRUCTURED, **changes: Any) -> dict[str, Any]:
    stated = {name: value for name, value in (EVENT | changes).items() if value != "absent"}
    (call,) = sent({"Content-Type": content_type}, msgspec.json.encode(stated))
    return call


def binary(body: bytes = b"", content_type: str | None = "application/json", **changes: str | bytes) -> dict[str, Any]:
    headers = {f"ce-{name}": value for name, value in (EVENT | changes).items()}
    (call,) = sent(headers | ({"content-type": content_type} if content_type else {}), body)
    return call


def refusal(headers: dict[str, str | bytes], body: bytes) -> InvalidCall:
    with pytest.raises(InvalidCall) as caught:
        sent(headers, body)
    return caught.value


def test_the_three_modes_tell_the_same() -> None:
    event = EVENT | {"data": {"x": 1.5}, "datacontenttype": "application/json", "time": "2026-04-05T17:31:00Z"}
    one = structured(**event)
    (batched,) = sent({"Content-Type": BATCH}, msgspec.json.encode([event]))
    assert one == batched == binary(b'{"x":1.5}', time="2026-04-05T17:31:00Z")
    assert (one["type"], one["event"], one["userId"], one["properties"]) == (
        "track", "com.example.viewed", "u", {"x": 1.5}
    )  # fmt: skip
    assert (one["messageId"], one["timestamp"]) == ("/till/7 1", "2026-04-05T17:31:00Z")


def test_a_byte_order_mark_is_passed_over_in_each_mode() -> None:
    event = EVENT | {"data": {"x": 1}, "datacontenttype": "application/json"}
    for mode, body in ((STRUCTURED, event), (BATCH, [event])):
        (call,) = sent({"Content-Type": mode}, BOM_UTF8 + msgspec.json.encode(body))
        assert call == structured(**event)
    assert binary(BOM_UTF8 + b'{"x":1}') == structured(**event)
    assert binary(BOM_UTF8 + b'{"x":1}', content_type=None)["properties"] == {"x": 1}


@pytest.mark.parametrize(
    "content_type",
    ["Application/CloudEvents+JSON", "application/cloudevents+json; charset=UTF-8", "APPLICATION/CLOUDEVENTS+json;x=y"],
)
def test_the_mode_is_read_whatever_the_case(content_type: str) -> None:
    assert structured(content_type)["event"] == "com.example.viewed"


@pytest.mark.parametrize(
    "content_type", ["application/cloudevents+avro", "application/cloudevents", BATCH[:-4] + "xml"]
)
def test_other_formats_are_named(content_type: str) -> None:
    with pytest.raises(Problem) as caught:
        sent({"content-type": content_type}, b"{}")
    assert caught.value.status == 415


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("specversion", "absent"), ("specversion", "0.3"), ("specversion", 1.0), ("specversion", None),
        ("id", "absent"), ("id", ""), ("id", 7), ("id", None), ("id", "a\nb"),
        ("source", "absent"), ("source", ""), ("source", "a b"), ("source", "%zz"), ("source", "a#b#c"),
        ("source", "/é"), ("type", ""), ("type", "absent"), ("subject", ""), ("subject", 7), ("subject", "x" * 256),
        ("time", "yesterday"), ("time", "2026-04-05"), ("time", "2026-04-05T17:31:00"),
        ("time", "2026-02-30T00:00:00Z"),
        ("time", 1700000000), ("datacontenttype", "json"), ("dataschema", ""), ("extension", {"a": 1}),
        ("extension", [1]), ("extension", 1.5), ("extension", 2**31), ("extension", "a\nb"), ("Extension", "x"),
        ("an_extension", "x"), ("x" * 21, "x"), ("é", "x"), ("data_base64", "no base64!"), ("data_base64", 7),
        ("userid", "x" * 256), ("userid", 7), ("anonymousid", True),
    ],
)  # fmt: skip
def test_what_breaks_the_specification_is_refused_by_attribute(attribute: str, value: Any) -> None:
    stated = {name: each for name, each in (EVENT | {attribute: value}).items() if each != "absent"}
    error = refusal({"content-type": STRUCTURED}, msgspec.json.encode(stated))
    assert isinstance(error, InvalidCloudEvent)
    assert error.where == f"/{attribute}"
    second = refusal({"content-type": BATCH}, msgspec.json.encode([EVENT, stated]))
    assert (second.where, "event 1" in str(second)) == (f"/1/{attribute}", True)


@pytest.mark.parametrize(
    "headers",
    [
        {"ce-id": ""}, {"ce-id": "%ff"}, {"ce-id": b"\xe9"}, {"ce-datacontenttype": "text/plain"}, {"ce-data": "x"},
        {"ce-data_base64": "eA=="}, {"ce-Very-Long": "x"}, {"ce-specversion": "1.1"}, {"ce-time": "now"},
    ],
)  # fmt: skip
def test_bad_headers_are_refused(headers: dict[str, str | bytes]) -> None:
    good: dict[str, str | bytes] = {f"ce-{name}": value for name, value in EVENT.items()}
    assert isinstance(refusal(good | headers, b""), InvalidCloudEvent)


def test_an_attribute_in_two_headers_is_refused() -> None:
    headers = [(f"ce-{name}".encode(), value.encode()) for name, value in EVENT.items()]
    with pytest.raises(InvalidCloudEvent, match="twice"):
        accept_events([*headers, (b"ce-id", b"2")], b"", CallLimits())


def test_header_values_are_unquoted_and_then_decoded_once() -> None:
    assert binary(subject="%E7%8E%8B%20%25")["userId"] == "王 %"
    assert binary(subject='"a \\"b%2541"')["userId"] == 'a "b%41'
    assert binary(subject="50%")["userId"] == "50%"


def test_header_values_may_be_utf_8_as_gos_sdk_sends_it() -> None:
    assert binary(subject="王 50%".encode())["userId"] == "王 50%"
    assert binary(subject='"ü%C3%BC"'.encode())["userId"] == "üü"
    assert refusal({f"ce-{n}": v for n, v in EVENT.items()} | {"ce-subject": "\x85".encode()}, b"").where == "/subject"


def test_data_in_every_form() -> None:
    packed = base64.b64encode(b'{"a":1}').decode()
    assert structured(data_base64=packed, datacontenttype="application/vnd.x+json")["properties"] == {"a": 1}
    assert structured(data=[1, 2])["properties"] == {"data": [1, 2]}
    assert structured(data=None)["properties"] == {"data": None}
    assert structured()["properties"] == {}
    assert binary()["properties"] == {}
    assert binary("王".encode(), "text/plain; charset=utf-8")["properties"] == {"data": "王"}
    assert binary(b"\xff", "image/png")["properties"] == {"data_base64": "/w=="}
    assert binary(b"\xff", None)["properties"] == {"data_base64": "/w=="}
    for content_type, body in (("application/json", b"{"), ("text/plain", b"\xff")):
        error = refusal({f"ce-{n}": v for n, v in EVENT.items()} | {"content-type": content_type}, body)
        assert error.where == "/data"
    assert binary(b"a\x00", "text/plain")["properties"] == {"data": "a\ufffd"}
    both = EVENT | {"data": 1, "data_base64": "eA=="}
    assert refusal({"content-type": STRUCTURED}, msgspec.json.encode(both)).code == "data_twice"


def test_data_of_no_stated_type_is_json_where_it_reads_as_json() -> None:
    """The SDKs for Python and Java send JSON without a Content-Type unless they are told one."""
    for body, kept in (
        (b'{"a":1}', {"a": 1}), (b" [1]", {"data": [1]}), (b'"x"', {"data": "x"}), (b"\x00\xff", None), (b"{", None),
        (b'"a\x00"', None),
    ):  # fmt: skip
        packed = base64.b64encode(body).decode()
        expected = {"data_base64": packed} if kept is None else kept
        assert binary(body, None)["properties"] == expected
        assert structured(data_base64=packed)["properties"] == expected


def test_text_is_read_in_the_charset_that_it_is_sent_in() -> None:
    assert binary("café".encode("latin-1"), 'text/plain; charset="ISO-8859-1"')["properties"] == {"data": "café"}
    assert binary("王".encode("big5"), "text/csv;charset=Big5")["properties"] == {"data": "王"}
    for charset in ("punycode", "rot13", "nonsense", "ascii"):
        headers = {f"ce-{name}": value for name, value in EVENT.items()}
        assert refusal({**headers, "content-type": f"text/plain; charset={charset}"}, b"\xe9").where == "/data"


def test_an_extension_may_be_empty() -> None:
    assert structured(tracestate="")["context"]["cloudEvent"]["tracestate"] == ""
    assert binary(tracestate="")["context"]["cloudEvent"]["tracestate"] == ""
    assert structured(userid="", subject="c")["userId"] == "c"


@pytest.mark.parametrize(
    ("content_type", "encoding", "packed"),
    [
        ("application/json", "", True), (BATCH, "", True), ("Text/JSON; a=b", "", True), ("image/png", "GZIP", True),
        ("application/gzip", "", False), ("application/octet-stream", "identity", False), ("", "", False),
    ],
)  # fmt: skip
def test_gzip_is_unpacked_but_where_it_is_the_data_itself(content_type: str, encoding: str, packed: bool) -> None:
    headers = {b"content-type": content_type.encode(), b"content-encoding": encoding.encode()}
    assert may_be_packed(headers) is packed


def test_whom_an_event_is_about() -> None:
    assert structured(userid="a", anonymousid="b", subject="c")["userId"] == "a"
    call = structured(anonymousid="b", subject="c")
    assert (call["anonymousId"], call.get("userId")) == ("b", None)
    assert structured(subject="c")["userId"] == "c"
    assert structured(userid=" ", subject="c")["userId"] == "c"
    error = refusal({"content-type": STRUCTURED}, msgspec.json.encode({**EVENT, "subject": None}))
    assert (error.code, error.where) == ("id_required", "/subject")
    assert "userid" in str(error)


def test_source_and_id_are_the_duplicate_key() -> None:
    pairs = [("a", "b c"), ("a", "b"), ("b", "a"), ("a", "b "), ("a", "x" * 200), ("a", "x" * 201), ("a/b", "c")]
    ids = [structured(source=source, id=id)["messageId"] for source, id in pairs]
    assert len(set(ids)) == len(pairs)
    assert all(len(one) <= 100 for one in ids)
    assert ids == [structured(source=source, id=id)["messageId"] for source, id in pairs]


@pytest.mark.parametrize(
    ("event_type", "name"),
    [
        ("Order Completed", "Order Completed"), ("com.example.order.completed", "Order Completed"),
        ("com.example.order.completed.v1", "Order Completed"), ("com.example.OrderRefunded", "Order Refunded"),
        ("com.example/order-cancelled/2", "Order Cancelled"), ("order_updated", "Order Updated"),
        ("com.example.reorder.completed", "com.example.reorder.completed"), ("v1", "v1"), ("王", "王"),
    ],
)  # fmt: skip
def test_types_of_orders_are_known_by_their_end(event_type: str, name: str) -> None:
    assert touchpoint_name(event_type) == name


def test_who_somebody_is_is_told_by_the_type() -> None:
    assert tells_who("com.example.customer.identified.v2")
    call = structured(type="com.example.identify", data={"email": "a@example.com"})
    assert (call["type"], call["traits"]) == ("identify", {"email": "a@example.com"})


def test_limits_are_those_of_the_tracking_api() -> None:
    with pytest.raises(TooLarge):
        structured(data={"x": "y" * 33_000})
    with pytest.raises(TooLarge):
        sent({"content-type": BATCH}, msgspec.json.encode([EVENT] * 2_501))
    assert sent({"content-type": BATCH}, b"[]") == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
names = st.sampled_from([*EVENT, "time", "data", "data_base64", "datacontenttype", "userid", "ext"]) | st.text()
content_types = st.sampled_from([STRUCTURED, BATCH, "application/json", "text/plain", ""]) | st.text()


@given(st.dictionaries(names, json_values), content_types, st.booleans())
def test_any_json_in_any_mode_is_taken_or_refused(changes: dict[str, Any], content_type: str, many: bool) -> None:
    body = json.dumps([EVENT | changes] if many else EVENT | changes).encode()
    headers = [(b"content-type", content_type.encode("utf-8", "replace"))]
    headers += [(f"ce-{n}".encode("utf-8", "replace"), str(v).encode("utf-8", "replace")) for n, v in changes.items()]
    with contextlib.suppress(InvalidCall, Problem):
        accept_events(headers, body, CallLimits())


@given(st.lists(st.tuples(st.binary(max_size=20), st.binary(max_size=40))), st.binary(max_size=200), content_types)
def test_any_bytes_are_taken_or_refused(headers: list[tuple[bytes, bytes]], body: bytes, content_type: str) -> None:
    stated = [(b"content-type", content_type.encode("utf-8", "replace")), *((b"ce-" + n, v) for n, v in headers)]
    with contextlib.suppress(InvalidCall, Problem):
        accept_events(stated, body, CallLimits())
