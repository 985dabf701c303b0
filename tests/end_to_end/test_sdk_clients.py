"""The SDKs of real clients, unmodified, pointed at a running events service."""

from __future__ import annotations

import functools
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import rudderstack.analytics
import segment.analytics

from tests.support.browser import chromium, installed_sdks, served
from tests.support.suite import WRITE_KEY, Suite

SALE = datetime(2011, 12, 9, 12, 50, tzinfo=UTC)

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """A running events service."""
    with Suite(tmp_path_factory.mktemp("sdk"), services=("events",)) as running:
        yield running


@pytest.fixture(scope="module")
def node_sdks() -> Path:
    """A folder with the Node and browser SDKs."""
    return installed_sdks()


def touchpoints_of(suite: Suite, subject: str, count: int) -> list[dict[str, Any]]:
    """What was recorded about a subject, once there are `count`."""
    found: list[dict[str, Any]] = []
    with suite.client("events") as client:

        def enough() -> bool:
            found[:] = client.get("/v1/touchpoints", params={"subject": subject, "limit": 200}).json()["data"]
            return len(found) >= count

        suite.wait_for(enough, f"{count} touchpoints of {subject}", timeout_s=30)
    return found


def kinds(touchpoints: list[dict[str, Any]]) -> Counter[str]:
    return Counter(one["kind"] for one in touchpoints)


def named(touchpoints: list[dict[str, Any]], name: str) -> dict[str, Any]:
    (found,) = [one for one in touchpoints if one.get("name") == name]
    return found


def check_server_side(touchpoints: list[dict[str, Any]]) -> None:
    """One of each kind, an order at its own historical time, 40 more."""
    assert kinds(touchpoints) == {"track": 41, "identify": 1, "page": 1, "screen": 1, "group": 1, "alias": 1}
    order = named(touchpoints, "Order Completed")
    assert order["order"]["amount_minor"] == 24945
    assert abs((datetime.fromisoformat(order["occurred_at"]) - SALE).total_seconds()) < 5
    (identify,) = [one for one in touchpoints if one["kind"] == "identify"]
    assert identify["traits"]["name"] == "王小明"
    assert not any(one.get("flaws") for one in touchpoints)


@pytest.mark.parametrize("packed", [False, True])
def test_segment_python(suite: Suite, packed: bool) -> None:
    client = functools.partial(segment.analytics.Client, WRITE_KEY, host=suite.url("events"), gzip=packed)
    use_python_sdk(suite, client, user=f"segment-python-{packed}")


def test_rudderstack_python(suite: Suite) -> None:
    client = functools.partial(rudderstack.analytics.Client, WRITE_KEY, host=suite.url("events"))
    use_python_sdk(suite, client, user="rudderstack-python")


def use_python_sdk(suite: Suite, client_of: Callable[..., Any], *, user: str) -> None:
    failures: list[Exception] = []
    client = client_of(on_error=lambda error, _: failures.append(error))
    client.identify(user, {"email": "python@example.com", "name": "王小明"})
    client.page(user, "", "Home")
    client.screen(user, "", "Basket")
    client.group(user, "acme", {"name": "Acme"})
    client.alias(f"anonymous-{user}", user)
    client.track(user, "Order Completed", {"order_id": user, "revenue": 249.45, "currency": "GBP"}, timestamp=SALE)
    for n in range(40):
        client.track(user, "Viewed", {"n": n})
    client.flush()
    client.join()
    assert not failures
    check_server_side(touchpoints_of(suite, f"user_id:{user}", 46))


@pytest.mark.parametrize("sdk", ["segment", "rudderstack"])
def test_node(suite: Suite, node_sdks: Path, sdk: str) -> None:
    command = ["node", f"{sdk}.mjs", suite.url("events"), WRITE_KEY]
    done = subprocess.run(command, cwd=node_sdks, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    check_server_side(touchpoints_of(suite, f"user_id:{sdk}-node", 46))


@pytest.mark.parametrize(
    ("page", "user"),
    [
        ("segment.html", "segment-browser"),
        ("segment.html?batching=1", "segment-browser-batching"),
        ("rudderstack.html", "rudderstack-browser"),
        ("rudderstack.html?consent=1", "rudderstack-browser-consent"),
    ],
)
def test_browser(suite: Suite, node_sdks: Path, tmp_path: Path, page: str, user: str) -> None:
    with served(node_sdks) as (origin, failures):
        asked = urlencode({"host": suite.url("events"), "writeKey": WRITE_KEY})
        separator = "&" if "?" in page else "?"
        with chromium(f"{origin}/{page}{separator}{asked}", tmp_path):
            touchpoints = touchpoints_of(suite, f"user_id:{user}", 15)
        assert not failures
    assert kinds(touchpoints) == {"track": 13, "identify": 1, "group": 1}
    assert named(touchpoints, "Order Completed")["order"]["amount_minor"] == 24945
    (identify,) = [one for one in touchpoints if one["kind"] == "identify"]
    assert identify["traits"]["name"] == "王小明"
    assert {one["channel"] for one in touchpoints} == {"web"}
    assert all(one["is_bot"] for one in touchpoints)  # a headless browser is a program
