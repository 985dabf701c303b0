"""What the stream refuses: filters that nothing can ever pass, and clients while the bus is away."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.events.suite import Events, events_service, settings_in
from tests.support.real_servers import free_ports

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


def test_clients_that_come_back_while_the_bus_is_away_keep_no_reader_waiting(tmp_path: Path) -> None:
    (nobodys,) = free_ports(1)
    settings = settings_in(tmp_path, bus_url=f"kafka://127.0.0.1:{nobodys}")
    with events_service(settings, worker=False) as gate, ThreadPoolExecutor(60) as clients:

        def come_back(_: int) -> int:
            return gate.http.get("/v1/stream", headers=gate.read).status_code

        answers = clients.map(come_back, range(60))
        waited: list[float] = []
        for _ in range(20):
            began = time.monotonic()
            assert gate.summary()["touchpoints"] == 0
            waited.append(time.monotonic() - began)
        assert max(waited) < 4, "less than the bus is waited for"
        assert set(answers) == {503}
