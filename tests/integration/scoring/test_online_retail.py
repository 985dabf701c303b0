"""A real year of a real shop, through the handlers, a run and the API; its counts are known."""

from __future__ import annotations

import time

import httpx
import pytest

from services.scoring.bootstrap import MIGRATIONS, Wiring
from tests.support import retail
from tests.support.databases import sqlite_database

BATCH = 1_000


@pytest.fixture
def database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return sqlite_database(tmp_path_factory.mktemp("retail") / "scoring.db", MIGRATIONS)


def test_the_year_is_loaded_counted_and_scored(wiring: Wiring, http: httpx.Client) -> None:
    touchpoints = list(retail.touchpoints())
    profiles = [retail.profile_of(subject) for subject in sorted({each.subject for each in touchpoints})]
    began = time.process_time()
    for start in range(0, len(touchpoints), BATCH):
        with wiring.database.transaction() as session:
            wiring.record(session, touchpoints[start : start + BATCH])
    for start in range(0, len(profiles), BATCH):
        with wiring.database.transaction() as session:
            wiring.follow(session, profiles[start : start + BATCH])
    assert time.process_time() - began < 30, "541,909 lines must load in well under a minute"

    summary = http.get("/v1/summary").json()
    identified = summary["identified"]
    assert (identified["customers"], identified["orders"], identified["lines"]) == (4_338, 18_532, 397_884)
    assert identified["gross_minor"] == {"GBP": 891_140_790}
    assert summary["without_profile"] == 0

    asked = http.post("/v1/score-runs", json={"models": ["rfm", "lifetime_value"], "as_of": "2011-12-10T00:00:00Z"})
    assert wiring.perform_next_run()
    run = http.get(f"/v1/score-runs/{asked.json()['id']}").json()
    assert (run["state"], run["scores_published"]) == ("succeeded", 2 * 4_338)
    assert run["fits"]["GBP"]["flagged_customers"] == 0
    assert run["fits"]["GBP"]["purchase_model"] == "empirical"
    grid = http.get("/v1/rfm/grid").json()["blocks"]
    assert sum(block["customers"] for block in grid) == 4_338
