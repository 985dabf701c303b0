"""The pages that docs/ show to front-end developers, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import chromium, installed_sdks, served
from tests.support.guides import blocks
from tests.support.suite import API_KEY, WRITE_KEY, Suite

GUIDE = "docs/ingestion.md"

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """A running events service."""
    with Suite(tmp_path_factory.mktemp("pages"), services=("events",)) as running:
        yield running


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The folder that is served."""
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


def recorded(suite: Suite, name: str, subject: str = "") -> dict[str, Any]:
    """The touchpoint of this name, once it is there."""
    found: list[dict[str, Any]] = []
    asked = {"limit": "200", **({"subject": subject} if subject else {})}
    with suite.client("events") as client:

        def arrived() -> bool:
            told = client.get("/v1/touchpoints", params=asked).json()["data"]
            found[:] = [one for one in told if name in (one.get("name"), one["kind"])]
            return bool(found)

        suite.wait_for(arrived, f"{name} is recorded", timeout_s=30)
    (touchpoint,) = found
    return touchpoint


def test_the_page_without_an_sdk_can_be_opened_from_the_disk(suite: Suite, site: Path, tmp_path: Path) -> None:
    (page,) = blocks(GUIDE, "html")
    page = page.replace("http://127.0.0.1:8104", suite.url("events")).replace("wk_…", WRITE_KEY)
    (site / "page.html").write_text(page, "utf-8")
    with chromium((site / "page.html").as_uri(), tmp_path):
        seen, viewed = recorded(suite, "Product Viewed"), recorded(suite, "Teapots")
    assert seen["subject"] == viewed["subject"]
    assert seen["properties"] == {"name": "Teapot", "price": 42.5}
    assert (seen["channel"], seen["context"]["page"]["title"]) == ("web", "Teapots")


def test_segments_sdk_keeps_what_is_told_when_the_page_is_left(suite: Suite, site: Path, tmp_path: Path) -> None:
    (source,) = blocks(GUIDE, "js")
    (site / "node_modules").symlink_to(installed_sdks() / "node_modules")
    (site / "next.html").write_text("<p>next</p>")
    (site / "page.html").write_text(f"""<script src="/node_modules/@segment/analytics-next/dist/umd/index.js"></script>
<script>
const events = "{suite.url("events")}", writeKey = "{WRITE_KEY}"
{source}
analytics.page().then(() => {{ analytics.track("Left"); location.href = "/next.html" }})
</script>""")
    with served(site) as (origin, _), chromium(f"{origin}/page.html", tmp_path):
        left = recorded(suite, "Left", "user_id:17850")
        identified = recorded(suite, "identify", "user_id:17850")
    assert left["anonymous_id"] == identified["anonymous_id"]


def test_a_page_sends_json_as_a_beacon_and_hears_of_it_live(suite: Suite, site: Path, tmp_path: Path) -> None:
    source = next(block for block in blocks("docs/webhooks-and-stream.md", "js") if "function follow" in block)
    track, stream = (f"{suite.url('events')}{path}" for path in (f"/v1/track?writeKey={WRITE_KEY}", "/v1/stream"))
    (site / "page.html").write_text(f"""<script>
{source}
let heard = false
follow("{stream}", "{API_KEY}", ({{ data }}) => {{
  heard = data.name === "Live"
  if (heard) fetch("/heard", {{ method: "POST", body: JSON.stringify(data) }})
}})
const call = {{ userId: "live", event: "Live", messageId: "m" }}
const again = setInterval(() => {{
  if (heard) return clearInterval(again)
  call.messageId += "m"
  navigator.sendBeacon("{track}", new Blob([JSON.stringify(call)], {{ type: "application/json" }}))
}}, 500)
</script>""")
    with served(site) as (origin, reports), chromium(f"{origin}/page.html", tmp_path):
        suite.wait_for(lambda: bool(reports), "the page hears of its beacon", timeout_s=60)
    assert json.loads(reports[0])["subject"] == "user_id:live"
