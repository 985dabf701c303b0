"""Segments fill, and a letter goes to each member."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.demo.findings import Findings, SegmentFound
from deploy.demo.programmes import SENDER, Programme, letter_of
from deploy.demo.progress import Narrator
from deploy.demo.suite_api import Json, SuiteApi
from deploy.demo.waiting import wait_until


@dataclass(frozen=True, slots=True)
class Sent:
    """A campaign that ended: its members when it began, and what became of each message."""

    programme: Programme
    members: frozenset[str]
    campaign: Json
    messages: list[Json]


def reach_out(api: SuiteApi, narrator: Narrator, programmes: tuple[Programme, ...], findings: Findings) -> list[Sent]:
    """Make every segment and write to its members."""
    segments = [_segment(api, narrator, programme) for programme in programmes]
    campaigns = [_launch(api, programme, segment) for programme, segment in zip(programmes, segments, strict=True)]
    total = sum(segment["size"] for segment in segments)
    with narrator.stage("Letters with an outcome", total) as advance:
        wait_until(lambda: _settled(api, campaigns), total, advance, what="letters with an outcome")
    sent = []
    for programme, segment, campaign_id in zip(programmes, segments, campaigns, strict=True):
        campaign = api.get("messaging", f"/v1/campaigns/{campaign_id}")
        messages = list(api.pages("messaging", f"/v1/campaigns/{campaign_id}/messages"))
        sent.append(Sent(programme, _members(api, segment["id"]), campaign, messages))
        findings.segments.append(SegmentFound(programme.segment, programme.meaning, segment["size"]))
        findings.sends[programme.name] = campaign["messages"]
    return sent


def _segment(api: SuiteApi, narrator: Narrator, programme: Programme) -> Json:
    draft = {"name": programme.segment, "description": programme.meaning, "definition": programme.definition}
    segment_id = api.post("profile", "/v1/segments", draft, once=f"segment-{programme.key}")["id"]
    path = f"/v1/segments/{segment_id}"
    with narrator.stage(f"Segment: {programme.segment}", 1) as advance:
        wait_until(lambda: int(api.get("profile", path)["state"] == "ready"), 1, advance, what=programme.segment)
    return api.get("profile", path)


def _launch(api: SuiteApi, programme: Programme, segment: Json) -> str:
    template = api.post("messaging", "/v1/templates", letter_of(programme), once=f"template-{programme.key}")
    campaign = api.post(
        "messaging",
        "/v1/campaigns",
        {
            "name": programme.name,
            "segment_id": segment["id"],
            "template_id": template["id"],
            "sender": SENDER,
            "topic": programme.key.replace("_", "-"),
        },
        once=f"campaign-{programme.key}",
    )
    api.post("messaging", f"/v1/campaigns/{campaign['id']}/launch", once=f"launch-{programme.key}")
    return str(campaign["id"])


def _settled(api: SuiteApi, campaigns: list[str]) -> int:
    """Messages with a final outcome."""
    counts = [api.get("messaging", f"/v1/campaigns/{campaign_id}")["messages"] for campaign_id in campaigns]
    return sum(by[outcome] for by in counts for outcome in ("sent", "failed", "unknown", "skipped"))


def _members(api: SuiteApi, segment_id: str) -> frozenset[str]:
    return frozenset(member["profile_id"] for member in api.pages("profile", f"/v1/segments/{segment_id}/members"))
