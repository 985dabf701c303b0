"""What pages in browsers, apps and their SDKs need besides the tracking API itself."""

from __future__ import annotations

from tests.integration.events.suite import WRITE_KEY, Events

PAGE = {"userId": "u", "name": "Home"}
SUCCESS = b'{"success": true}'


def test_a_browser_may_send_from_any_origin(gate: Events) -> None:
    asked = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-retry-count",
    }
    answer = gate.http.options("/v1/t", headers=asked)
    assert answer.is_success
    assert {"authorization", "x-retry-count"} <= set(answer.headers["access-control-allow-headers"].split(","))
    for refused in (gate.send("/v1/t", {}), gate.http.post("/v1/t", json=PAGE)):
        assert refused.headers["access-control-allow-origin"] == "*"
        assert "Retry-After" in refused.headers["access-control-expose-headers"]
    assert gate.http.post("/v1/m", content='{"series":[]}').content == SUCCESS


def test_a_page_may_send_with_its_cookies(gate: Events) -> None:
    """As sendBeacon always does: of JSON the browser asks first, and drops it unless the origin is named."""
    origin = {"Origin": "https://shop.example"}
    asked = origin | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    for answer in (
        gate.http.options("/v1/track", params={"writeKey": WRITE_KEY}, headers=asked),
        gate.http.post("/v1/page", params={"writeKey": WRITE_KEY}, json=PAGE, headers=origin),
        gate.http.post("/v1/page", params={"writeKey": "nobody"}, json=PAGE, headers=origin),
        gate.http.get("/v1/page", headers=origin),
    ):
        assert answer.headers["access-control-allow-origin"] == origin["Origin"]
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "Origin" in answer.headers["vary"]


def test_browser_sdks_find_their_settings(gate: Events) -> None:
    answer = gate.http.get(f"/v1/projects/{WRITE_KEY}/settings")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.json()["integrations"]["Segment.io"]["apiHost"] == "testserver/v1"
    config = gate.http.get("/sourceConfig/", params={"writeKey": WRITE_KEY, "p": "npm"}).json()
    assert config["source"]["enabled"]
    assert config["consentManagementMetadata"]["providers"] == [], "or consent fails"
    assert gate.http.get("/v1/projects/nobody/settings").status_code == 404
    assert gate.http.get("/sourceConfig", params={"writeKey": "nobody"}).status_code == 404


def test_mobile_sdks_name_their_key_in_the_header(gate: Events) -> None:
    asked = {"p": "android", "v": "1.26.0", "bv": "34"}
    answer = gate.http.get("/sourceConfig", params=asked, auth=(WRITE_KEY, ""))
    assert answer.json()["source"]["writeKey"] == WRITE_KEY
    assert gate.http.get("/sourceConfig", params=asked, auth=("nobody", "")).status_code == 404
    nameless = gate.http.get("/sourceConfig", params=asked)
    assert (nameless.status_code, nameless.headers["access-control-allow-origin"]) == (401, "*")
