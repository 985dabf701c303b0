"""The examples of docs/webhooks-and-stream.md, run as they stand there."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.events.domain.standard_webhooks import new_secret
from services.events.domain.webhooks.signing import signature_header
from tests.integration.events.partner import Partner
from tests.support.guides import blocks, run_examples
from tests.support.suite import API_KEY, WRITE_KEY, Suite

GUIDE = "docs/webhooks-and-stream.md"
BODY = '{"type":"segment.entered","data":{"名":"é"}}'.encode()
SECRET, OLD = new_secret(), new_secret()
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def cases() -> Iterator[tuple[str, dict[str, str], bytes, bool]]:
    """Secret, headers, body, and whether the request is genuine."""
    now = int(time.time())
    both = [SECRET, OLD]
    for secret, timestamp, body, genuine in (
        (SECRET, now, BODY, True),
        (OLD, now, BODY, True),
        (new_secret(), now, BODY, False),
        (SECRET, now - 400, BODY, False),
        (SECRET, now + 400, BODY, False),
        (SECRET, now, BODY + b" ", False),
    ):
        signature = signature_header(both, message_id="m", timestamp=timestamp, body=BODY)
        headers = {"webhook-id": "m", "webhook-timestamp": str(timestamp), "webhook-signature": signature}
        yield secret, headers, body, genuine
    yield SECRET, headers | {"webhook-id": "n"}, BODY, False
    yield SECRET, headers | {"webhook-timestamp": "soon"}, BODY, False
    yield SECRET, headers | {"webhook-signature": "v1,short v1a,other"}, BODY, False


def test_the_python_verification_takes_what_we_sign_and_nothing_else() -> None:
    (source,) = blocks(GUIDE, "python")
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102 - it is our own page
    for secret, headers, body, genuine in cases():
        assert names["is_genuine"](secret, headers, body) is genuine, headers


@needs_node
def test_the_javascript_verification_takes_what_we_sign_and_nothing_else(tmp_path: Path) -> None:
    source = next(block for block in blocks(GUIDE, "js") if "isGenuine" in block)
    asked = [[secret, headers, body.decode()] for secret, headers, body, _ in cases()]
    check = f"console.log(JSON.stringify({json.dumps(asked)}.map(([s, h, b]) => isGenuine(s, h, Buffer.from(b)))));"
    (tmp_path / "check.mjs").write_text(source + check)
    done = subprocess.run(["node", "check.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == [genuine for *_, genuine in cases()]


@needs_node
@pytest.mark.timeout(300)
def test_the_calls_and_the_browsers_reader(tmp_path: Path) -> None:
    settings = {"RAPPORT_WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8"}
    with Suite(tmp_path / "suite", settings, services=("events",)) as suite, Partner() as partner:
        url = suite.url("events")
        track(url, "Order Completed")
        suite.wait_for(lambda: bool(summary(suite)["touchpoints"]), "the past")
        calls = "\n".join(blocks(GUIDE)[:2]).replace("https://partner.example/hooks/rapport", partner.url("/guide"))
        said = run_examples(calls, suite, tmp_path)
        assert '"delivered":true' in said
        assert '"missing_only":true' in said
        suite.wait_for(lambda: len(partner.at("/guide")) >= 2, "the test and the replayed order")
        assert [json.loads(each.body)["type"] for each in partner.at("/guide")] == [
            "webhook.test",
            "touchpoint.recorded",
        ]
        follows(suite, tmp_path)


def follows(suite: Suite, folder: Path) -> None:
    """The reader for browsers goes on after a restart of the API."""
    source = next(block for block in blocks(GUIDE, "js") if "follow" in block)
    address = f"{suite.url('events')}/v1/stream?types=touchpoint.recorded"
    (folder / "follow.mjs").write_text(
        f"{source}\nfollow({json.dumps(address)}, {json.dumps(API_KEY)}, (told) => console.log(told.data.name));\n"
    )
    seen = folder / "seen.txt"
    with seen.open("w") as out, subprocess.Popen(["node", "follow.mjs"], cwd=folder, stdout=out) as reader:
        try:
            suite.wait_for(lambda: heard(suite, seen, "first"), "the stream is open")
            suite.restart("events-api")
            suite.wait_until_ready()
            track(suite.url("events"), "second")
            suite.wait_for(lambda: "second" in seen.read_text(), "it goes on after a restart")
        finally:
            reader.kill()


def heard(suite: Suite, seen: Path, name: str) -> bool:
    """Whether the reader has heard of an event; a stream tells only what happens once it is open."""
    track(suite.url("events"), name)
    return name in seen.read_text()


def track(url: str, name: str) -> None:
    body = {"userId": "u1", "event": name}
    httpx.post(f"{url}/v1/track", json=body, auth=(WRITE_KEY, "")).raise_for_status()


def summary(suite: Suite) -> Mapping[str, Any]:
    return dict(suite.client("events").get("/v1/summary").raise_for_status().json())


def test_a_page_of_another_origin_may_read_the_stream_and_nothing_else(tmp_path: Path) -> None:
    page = {"Origin": "https://page.example"}
    asks = {
        **page,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization,last-event-id",
    }
    with Suite(tmp_path / "suite", services=("events",)) as suite:
        url = suite.url("events")
        preflight = httpx.options(f"{url}/v1/stream", headers=asks)
        assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (200, "*")
        refused = httpx.get(f"{url}/v1/stream", headers=page)
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "*")
        other = httpx.get(f"{url}/v1/webhook-endpoints", headers=page | {"Authorization": f"Bearer {API_KEY}"})
        assert "access-control-allow-origin" not in other.headers
