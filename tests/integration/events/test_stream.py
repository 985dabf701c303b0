"""What the stream refuses: filters that nothing can ever pass."""

from __future__ import annotations

import pytest

from tests.integration.events.suite import Events

PROFILE = "0193b3a0-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("filters", "where", "said"),
    [
        ({"types": "order.paid"}, "query.types", "touchpoint.recorded"),
        ({"types": "touchpoint.recorded,"}, "query.types", "touchpoint.recorded"),
        ({"types": ""}, "query.types", "touchpoint.recorded"),
        ({"subject": "foo"}, "query.subject", "user_id:"),
        ({"subject": "email:a@b.example"}, "query.subject", "user_id:"),
        ({"subject": "user_id:"}, "query.subject", "user_id:"),
        ({"subject": "user_id: 7"}, "query.subject", "space"),
        ({"subject": "user_id:" + "7" * 256}, "query.subject", "255"),
        ({"subject": "user_id:7", "types": "segment.entered,score.computed"}, "query.subject", "profile_id"),
        ({"subject": "user_id:7", "types": "rapport.scores.computed.v1"}, "query.subject", "profile_id"),
        ({"subject": PROFILE, "types": "touchpoint.recorded"}, "query.subject", "profile_id"),
        ({"subject": "user_id:7", "profile_id": PROFILE}, "query.subject", "not called that"),
        ({"profile_id": "abc"}, "query.profile_id", "profile's id"),
    ],
)
def test_a_filter_that_nothing_passes_is_refused(gate: Events, filters: dict[str, str], where: str, said: str) -> None:
    answer = gate.http.get("/v1/stream", params=filters, headers=gate.read)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    (flaw,) = answer.json()["errors"]
    assert flaw["where"] == where
    assert said in flaw["detail"]
