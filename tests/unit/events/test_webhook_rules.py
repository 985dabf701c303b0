"""Outgoing webhooks: signatures, retries, where they may go, and what they say."""

from __future__ import annotations

import ipaddress
import json
import socket
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.events.domain.standard_webhooks import new_secret
from services.events.domain.webhooks.bodies import MAX_BODY_BYTES, body_of
from services.events.domain.webhooks.destinations import Borders, Destination, is_public
from services.events.domain.webhooks.endpoints import MAX_LIVE_SECRETS, SECRETS_OVERLAP, Endpoint, Secret
from services.events.domain.webhooks.errors import DestinationRefused, TooManySecrets
from services.events.domain.webhooks.identity import delivery_id
from services.events.domain.webhooks.retries import SCHEDULE_S, Answer, Verdict, decide, pause_after
from services.events.domain.webhooks.signing import signature_header
from services.events.use_cases.webhooks.feed_webhooks import messages_of
from services.events.use_cases.webhooks.ports import Listener
from shared.contracts.webhooks import WebhookEndpointDisabledV1

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOTHING = Borders()


@pytest.mark.parametrize(
    ("secret", "message_id", "timestamp", "body", "signature"),
    [
        # Computed with `openssl dgst -sha256 -mac HMAC -macopt hexkey:…` over `id.timestamp.body`.
        (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            b'{"test": 2432232314}',
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
        (
            "whsec_plJ3nmyCDGBKInavdOK15jsl",
            "msg_loFOjxBNrRLzqYUf",
            1731705121,
            b'{"event_type":"ping","data":{"success":true}}',
            "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
        ),
    ],
)
def test_signatures_are_those_of_standard_webhooks(
    secret: str, message_id: str, timestamp: int, body: bytes, signature: str
) -> None:
    assert signature_header([secret], message_id=message_id, timestamp=timestamp, body=body) == signature
    both = signature_header([new_secret(), secret], message_id=message_id, timestamp=timestamp, body=body)
    assert both.split(" ")[1] == signature


def endpoint() -> Endpoint:
    return Endpoint(
        id="e", owner="o", url="https://a.example", description="", event_types=(), concurrency=1,
        secrets=(Secret(new_secret()),), created_at=NOW, updated_at=NOW,
    )  # fmt: skip


def test_a_replaced_secret_signs_for_a_day_beside_the_new_one() -> None:
    before = endpoint()
    after = before.rotate(new_secret(), NOW)
    (old,), (new, also_old) = before.signing_secrets(NOW), after.signing_secrets(NOW)
    assert (also_old, new != old) == (old, True)
    assert after.signing_secrets(NOW + SECRETS_OVERLAP) == [new]
    for _ in range(MAX_LIVE_SECRETS - 2):
        after = after.rotate(new_secret(), NOW)
    with pytest.raises(TooManySecrets):
        after.rotate(new_secret(), NOW)
    assert len(after.rotate(new_secret(), NOW + SECRETS_OVERLAP).secrets) == 2


def test_the_schedule_is_the_standards() -> None:
    minutes, hours = 60, 3600
    expected = (5, 5 * minutes, 30 * minutes, 2 * hours, 5 * hours, 10 * hours, 14 * hours, 20 * hours, 24 * hours)
    assert expected == SCHEDULE_S


@given(step=st.integers(0, 20), status=st.integers(100, 599) | st.none(), draw=st.floats(0, 1, exclude_max=True))
def test_every_answer_has_one_consequence(step: int, status: int | None, draw: float) -> None:
    decision = decide(Answer(status=status), step=step, schedule_s=SCHEDULE_S, draw=lambda: draw)
    if status is not None and 200 <= status < 300:
        assert decision.verdict is Verdict.DELIVERED
    elif status == 410:
        assert decision.verdict is Verdict.GONE
    elif step >= len(SCHEDULE_S):
        assert decision.verdict is Verdict.FAILED
    else:
        assert decision.verdict is Verdict.RETRY
        assert decision.retry_in_s is not None
        assert 0.8 * SCHEDULE_S[step] <= decision.retry_in_s <= 1.2 * SCHEDULE_S[step]


@given(asked=st.floats(0, 1e9), draw=st.floats(0, 1, exclude_max=True))
def test_retry_after_is_honoured_within_twice_and_a_day(asked: float, draw: float) -> None:
    answer = Answer(status=429, retry_after_s=asked)
    decision = decide(answer, step=0, schedule_s=[0.0], draw=lambda: draw)
    capped = min(asked, 24 * 3600.0)
    assert decision.retry_in_s is not None
    assert capped <= decision.retry_in_s <= 2 * capped
    assert pause_after(answer, failures=1, draw=lambda: draw) >= capped


@pytest.mark.parametrize(("status", "pauses"), [(200, False), (500, False), (302, False), (429, True), (504, True)])
def test_only_what_asks_for_less_makes_the_others_wait(status: int, pauses: bool) -> None:
    assert (pause_after(Answer(status=status), failures=1, draw=lambda: 0.5) > 0) is pauses


PRIVATE = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "0",
    "0.0.0.0", "10.1.2.3", "0xa.1.2.3", "167838211", "100.64.0.1", "169.254.169.254", "2852039166", "0xa9fea9fe",
    "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1", "0300.0250.0.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::",
    "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "::127.0.0.1",
    "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::169.254.169.254", "64:ff9b:1::1", "100::1", "2001::1",
    "2001:0:7f00:1::", "2001:10::1", "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::", "3fff::1", "5f00::1",
    "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
]  # fmt: skip


@pytest.mark.parametrize("host", PRIVATE)
def test_no_spelling_leads_inside(host: str) -> None:
    assert len(PRIVATE) >= 40
    shown = f"[{host}]" if ":" in host else host
    destination = Destination.parse(f"https://{shown}/hook")
    found = socket.getaddrinfo(destination.host, 443, type=socket.SOCK_STREAM)
    with pytest.raises(DestinationRefused):
        NOTHING.check(destination, [ipaddress.ip_address(place[0]) for *_, place in found])


@pytest.mark.parametrize(
    "url",
    [
        "https://１２７.0.0.1/", "https://127。0。0。1/", "https://ⓛocalhost/", "https://user@a.example/",
        "https://a.example#@127.0.0.1/", "https://a.example\\@127.0.0.1/", "https://%31%32%37.0.0.1/", "https:///x",
        "ftp://a.example/", "gopher://127.0.0.1/", "https://a.example:99999/", "https://a.example/\r\nHost: b",
        "https://[::1/", "https://a b/", "//a.example/", "",
    ],
)  # fmt: skip
def test_what_readers_could_read_differently_is_no_destination(url: str) -> None:
    with pytest.raises(DestinationRefused):
        Destination.parse(url)


@given(st.ip_addresses(v=4))
def test_public_addresses_are_global_whatever_ipv6_they_hide_in(address: ipaddress.IPv4Address) -> None:
    if is_public(address):
        assert address.is_global
        assert not address.is_multicast
    for text in (f"::ffff:{address}", f"64:ff9b::{address}", f"::{address}"):
        assert not is_public(ipaddress.IPv6Address(text))
    assert not is_public(ipaddress.IPv6Address((0x2002 << 112) | int(address) << 80))


@given(st.ip_addresses(v=6))
def test_public_ipv6_is_global_unicast(address: ipaddress.IPv6Address) -> None:
    assert not is_public(address) or (address in ipaddress.ip_network("2000::/3") and not address.is_private)


def test_one_inner_address_spoils_a_name_and_named_networks_are_allowed() -> None:
    inside, outside = ipaddress.ip_address("10.1.2.3"), ipaddress.ip_address("8.8.8.8")
    name, plain = Destination.parse("https://a.example/"), Destination.parse("http://a.example/")
    NOTHING.check(name, [outside])
    with pytest.raises(DestinationRefused, match=r"^10\.1\.2\.3, which a\.example stands for, is not on the public"):
        NOTHING.check(name, [outside, inside])
    with pytest.raises(DestinationRefused):
        NOTHING.check(plain, [outside])
    with pytest.raises(DestinationRefused, match=r"^10\.1\.2\.3 is not on the public internet$"):
        NOTHING.check(Destination.parse("https://10.1.2.3/"), [inside])
    Borders.of(["10.0.0.0/8"]).check(plain, [inside])
    with pytest.raises(DestinationRefused):
        Borders.of(["10.0.0.0/8"]).check(plain, [ipaddress.ip_address("::ffff:10.1.2.3")])


@given(st.dictionaries(st.text(min_size=1, max_size=30), st.text(max_size=8_000) | st.integers(), max_size=12))
def test_a_body_is_json_under_twenty_kilobytes_and_says_what_it_leaves_out(data: dict[str, str | int]) -> None:
    raw = json.dumps(data).encode()
    body = body_of("touchpoint.recorded", NOW + timedelta(seconds=1), raw, href="/v1/touchpoints/1")
    assert len(body) < MAX_BODY_BYTES
    read = json.loads(body)
    assert (read["type"], read["timestamp"]) == ("touchpoint.recorded", "2026-01-01T00:00:01+00:00")
    if read["data"] != data:
        assert read["data"].pop("href") == "/v1/touchpoints/1"
        omitted = read["data"].pop("omitted")
        assert omitted
        assert data.keys() == read["data"].keys() | set(omitted)


@given(
    moments=st.lists(st.datetimes(timezones=st.just(UTC)).filter(lambda at: at.year > 1970), min_size=2, max_size=2),
    endpoint_id=st.text(max_size=36),
    fact=st.text(max_size=50),
)
def test_a_delivery_has_one_id_that_sorts_by_when_its_fact_happened(
    moments: list[datetime], endpoint_id: str, fact: str
) -> None:
    ids = [delivery_id(endpoint_id, fact, happened=moment) for moment in moments]
    assert ids == [delivery_id(endpoint_id, fact, happened=moment) for moment in moments]
    assert {(UUID(each).version, UUID(each).variant) for each in ids} == {(7, RFC_4122)}
    assert (ids[0] < ids[1]) is (moments[0] < moments[1])
    assert (ids[0] == ids[1]) is (moments[0] == moments[1])
    others = (
        delivery_id(endpoint_id + "x", fact, happened=moments[0]),
        delivery_id(endpoint_id, fact + "x", happened=moments[0]),
    )
    assert ids[0] not in others


def test_whose_endpoint_was_disabled_is_told_to_its_owner_alone() -> None:
    notice = WebhookEndpointDisabledV1(endpoint_id="e", owner="mine", host="a.example", reason="gone", disabled_at=NOW)
    listeners = [Listener(owner, owner, frozenset()) for owner in ("mine", "other")]
    (message,) = messages_of([notice], listeners)
    assert [listener.owner for listener in message.listeners] == ["mine"]
