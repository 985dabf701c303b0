"""Each service starts and answers while the other three are down, and stays well until they come."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import campaigns
from tests.support.suite import SERVICES, Suite
from tests.support.tracking_client import TrackingClient

ANYBODY = {"type": "trait", "key": "city", "operator": "exists"}
CREATES = {
    "profile": ("/v1/segments", {"name": "anybody", "definition": ANYBODY}),
    "messaging": ("/v1/templates", campaigns.TEMPLATE),
    "scoring": ("/v1/score-runs", {"models": ["rfm"]}),
    "events": ("/v1/sources", {"name": "shop"}),
}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_works_alone(service: str, tmp_path: Path) -> None:
    with Suite(tmp_path / "alone", services=(service,)) as suite, suite.client(service) as client:
        assert client.get("/v1/summary").status_code == 200
        assert campaigns.create(client, *CREATES[service])["id"]
        if service == "events":
            with TrackingClient(suite.url("events")) as shop:
                shop.send([{"type": "track", "userId": "u", "event": "Seen"}])
            suite.wait_for(lambda: client.get("/v1/summary").json()["touchpoints"] == 1, "the touchpoint")
        assert client.get("/readyz").status_code == 200
        suite.wait_for(lambda: '"worker started"' in suite.log(f"{service}-worker"), "the worker has started")
        assert suite.terminate(f"{service}-worker") == 0
        assert suite.terminate(f"{service}-api") == 0
