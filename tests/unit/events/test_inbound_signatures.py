"""Whether a webhook is from whom it says, checked with signatures computed independently of the code."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.events.domain.inbound.errors import Unverified
from services.events.domain.inbound.signatures import (
    HmacSignature,
    SignedTimestamp,
    StandardWebhooks,
    Verification,
    verify,
)

NOW = datetime(2026, 4, 5, 17, 31, tzinfo=UTC)
SECONDS = str(int(NOW.timestamp()))
KEY = b"0123456789abcdef0123456789abcdef"
WHSEC = "whsec_" + base64.b64encode(KEY).decode()
BODY = '{"type":"user.created","data":{"name":"王"}}'.encode()


def standard(body: bytes = BODY, *, key: bytes = KEY, message_id: str = "msg_1", at: str = SECONDS) -> dict[str, str]:
    mac = hmac.new(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message_id, "webhook-timestamp": at, "webhook-signature": f"v1,{base64.b64encode(mac).decode()}"
    }  # fmt: skip


def check(verification: Verification, headers: dict[str, str], body: bytes = BODY, *secrets: str) -> str:
    return verify(verification, headers, body, secrets=secrets or (WHSEC,), now=NOW)


def refused(*arguments: Any) -> None:
    with pytest.raises(Unverified):
        check(*arguments)


def test_the_published_example_of_standard_webhooks_holds() -> None:
    """The example that the specification's reference libraries are tested with."""
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    at = datetime.fromtimestamp(1614265330, UTC)
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert verify(StandardWebhooks(), headers, b'{"test": 2432232314}', secrets=[secret], now=at)


def test_standard_webhooks_during_a_rotation() -> None:
    other = "whsec_" + base64.b64encode(b"x" * 32).decode()
    headers = standard()
    old = standard(key=b"y" * 32)["webhook-signature"]
    headers["webhook-signature"] = f"v1a,zzzz {old} {headers['webhook-signature']}"
    assert check(StandardWebhooks(), headers, BODY, other, WHSEC) == "id msg_1"
    refused(StandardWebhooks(), headers, BODY, other)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_2"}, {"webhook-id": ""}, {"webhook-timestamp": str(int(SECONDS) + 1)},
        {"webhook-timestamp": "now"}, {"webhook-timestamp": "٣"}, {"webhook-timestamp": "9" * 40},
        {"webhook-signature": ""}, {"webhook-signature": "v1,"}, {"webhook-signature": "v1,no base64"},
        {"webhook-signature": "v1,é"},
    ],
)  # fmt: skip
def test_what_was_changed_is_refused(change: dict[str, str]) -> None:
    refused(StandardWebhooks(), standard() | change)
    refused(StandardWebhooks(), standard(), BODY + b" ")


@pytest.mark.parametrize(("off", "good"), [(299, True), (301, False), (-299, True), (-301, False)])
def test_old_and_future_webhooks_are_refused(off: int, good: bool) -> None:
    headers = standard(at=str(int(SECONDS) + off))
    if good:
        assert check(StandardWebhooks(), headers)
    else:
        refused(StandardWebhooks(), headers)


@pytest.mark.parametrize("digest", ["sha256", "sha1", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_a_header_of_the_partners_own(digest: Any, encoding: Any) -> None:
    mac = hmac.new(b"shop-secret", BODY, digest).digest()
    text = mac.hex() if encoding == "hex" else base64.b64encode(mac).decode()
    rule = HmacSignature(header="X-Shop-Hmac", digest=digest, encoding=encoding, prefix="mac=")
    assert check(rule, {"x-shop-hmac": f"mac={text}"}, BODY, "other", "shop-secret").startswith("digest ")
    for bad in (text, f"mac={text}0", "mac=", "mac=" + text[:-4], ""):
        refused(rule, {"x-shop-hmac": bad}, BODY, "shop-secret")
    refused(rule, {"x-shop-hmac": f"mac={text}"}, BODY, "other")
    if encoding == "hex":
        assert check(rule, {"x-shop-hmac": f"mac={text.upper()}"}, BODY, "shop-secret")


def test_a_signed_timestamp_is_held_to_the_tolerance() -> None:
    rule = HmacSignature(
        header="X-Slack-Signature", prefix="v0=", timestamp=SignedTimestamp("X-Time", "v0:{timestamp}:{body}", 60)
    )

    def headers(at: str) -> dict[str, str]:
        mac = hmac.new(b"secret-8", b"v0:" + at.encode() + b":" + BODY, "sha256").hexdigest()
        return {"x-slack-signature": f"v0={mac}", "x-time": at}

    first = check(rule, headers(SECONDS), BODY, "secret-8")
    assert first == check(rule, headers(SECONDS), BODY, "secret-8")
    assert first != check(rule, headers(SECONDS + "000"), BODY, "secret-8")
    refused(rule, headers(str(int(SECONDS) - 61)), BODY, "secret-8")
    refused(rule, headers(SECONDS) | {"x-time": str(int(SECONDS) + 1)}, BODY, "secret-8")


def test_headers_of_svix_are_standard_webhooks_under_its_name() -> None:
    svix = {name.replace("webhook", "svix"): value for name, value in standard().items()}
    assert check(StandardWebhooks(), svix) == check(StandardWebhooks(), svix | standard()) == "id msg_1"
    refused(StandardWebhooks(), svix | {"svix-id": "msg_2"})
    refused(StandardWebhooks(), svix | {"webhook-id": "msg_1"})


@pytest.mark.parametrize(
    ("header", "time", "signature", "between", "template"),
    [
        ("Stripe-Signature", "t", "v1", ",", "{timestamp}.{body}"),
        ("Paddle-Signature", "ts", "h1", ";", "{timestamp}:{body}"),
    ],
)
def test_a_header_that_lists_time_and_signatures(
    header: str, time: str, signature: str, between: str, template: str
) -> None:
    rule = HmacSignature(header=header, field=signature, timestamp=SignedTimestamp(header, template, 300, field=time))

    def headers(at: str = SECONDS, *further: str) -> dict[str, str]:
        signed = template.replace("{timestamp}", at).replace("{body}", BODY.decode())
        mac = hmac.new(b"whsec_of_theirs", signed.encode(), "sha256").hexdigest()
        return {header.lower(): between.join((f"{time}={at}", *further, f"{signature}={mac}", "v0=abc"))}

    assert check(rule, headers(), BODY, "whsec_of_theirs").startswith("digest ")
    assert check(rule, headers(SECONDS, f"{signature}={'0' * 64}"), BODY, "other", "whsec_of_theirs")
    refused(rule, headers(), BODY, "other")
    refused(rule, headers(), BODY + b" ", "whsec_of_theirs")
    refused(rule, headers(str(int(SECONDS) - 301)), BODY, "whsec_of_theirs")
    for bad in (f"{time}={SECONDS}", f"{signature}=00", f"{time}={SECONDS}{between}{signature}=", between, "x"):
        refused(rule, {header.lower(): bad}, BODY, "whsec_of_theirs")


@given(st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "x"]), st.text()))
def test_any_headers_are_refused_and_nothing_breaks(headers: dict[str, str]) -> None:
    latin = {name: value.encode("utf-8", "replace").decode("latin-1") for name, value in headers.items()}
    for rule in (
        StandardWebhooks(), HmacSignature(header="x"), HmacSignature(header="x", encoding="base64"),
        HmacSignature(header="x", field="v1"),
    ):  # fmt: skip
        refused(rule, latin)
