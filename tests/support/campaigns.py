"""A marketer's steps over HTTP: a segment, a template, a campaign that is launched and watched to its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from tests.support.suite import Suite

SENDER = {"address": "shop@shop.example", "name": "The Shop"}
TEMPLATE = {
    "name": "A word from the shop",
    "variants": {
        "en": {
            "subject": "News for {{ first_name }}",
            "text": "{{ salutation }},\n\nthere is news.\n\nUnsubscribe: {{ unsubscribe_url }}\n",
            "html": '<p>{{ salutation }},</p><p>there is news.</p><a href="{{ unsubscribe_url }}">Unsubscribe</a>',
        },
        "zh-TW": {
            "subject": "給{{ full_name }}的消息",
            "text": "{{ salutation }}:\n\n有新的消息。\n\n取消訂閱:{{ unsubscribe_url }}\n",
        },
    },
}


def create(client: httpx.Client, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """POST, and return what was created. Raises httpx.HTTPStatusError."""
    answer = client.post(path, json=dict(body))
    if answer.is_error:
        raise httpx.HTTPStatusError(f"{answer.status_code} {answer.text}", request=answer.request, response=answer)
    created: dict[str, Any] = answer.json()
    return created


def segment(suite: Suite, definition: Mapping[str, Any], *, size: int, name: str = "audience") -> str:
    """The id of a new segment, once it has `size` members."""
    with suite.client("profile") as profile:
        segment_id: str = create(profile, "/v1/segments", {"name": name, "definition": definition})["id"]
        path = f"/v1/segments/{segment_id}"
        suite.wait_for(lambda: profile.get(path).json()["size"] == size, f"{size} members of segment {name}")
    return segment_id


def launch(suite: Suite, segment_id: str, *, kind: str = "marketing", template: Mapping[str, Any] = TEMPLATE) -> str:
    """The id of a new campaign to a segment, launched."""
    with suite.client("messaging") as client:
        template_id = create(client, "/v1/templates", template)["id"]
        plan = {"name": "news", "segment_id": segment_id, "template_id": template_id, "sender": SENDER, "kind": kind}
        campaign_id: str = create(client, "/v1/campaigns", plan)["id"]
        client.post(f"/v1/campaigns/{campaign_id}/launch").raise_for_status()
    return campaign_id


def completed(suite: Suite, campaign_id: str, *, timeout_s: float = 120.0) -> dict[str, Any]:
    """The campaign, once each of its messages has an outcome."""
    with suite.client("messaging") as client:

        def campaign() -> dict[str, Any]:
            shown: dict[str, Any] = client.get(f"/v1/campaigns/{campaign_id}").json()
            return shown

        suite.wait_for(lambda: campaign()["status"] == "completed", "the campaign is completed", timeout_s=timeout_s)
        return campaign()


def messages(suite: Suite, campaign_id: str) -> list[dict[str, Any]]:
    """Every message of a campaign."""
    found: list[dict[str, Any]] = []
    with suite.client("messaging") as client:
        cursor: dict[str, str] = {}
        while True:
            page = client.get(f"/v1/campaigns/{campaign_id}/messages", params={"limit": "200"} | cursor).json()
            found += page["data"]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}
