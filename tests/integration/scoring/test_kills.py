"""Workers of scoring as real processes, killed in the middle of a run."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.scoring.adapters.sql.score_queries import ScoreQueries
from services.scoring.bootstrap import Wiring
from services.scoring.settings import ScoringSettings
from services.scoring.use_cases.perform_run import DIED, MAX_FAILURES
from services.scoring.use_cases.ports import ScoreRun
from shared.bus.opening import open_bus
from shared.contracts.contract import Contract
from shared.contracts.scoring import ScoreComputedV1
from shared.contracts.topics import SCORES
from shared.inbox.deliveries import deliveries_of
from tests.integration.scoring.conftest import Say
from tests.integration.scoring.test_facts import profile
from tests.support.suite import Suite

CUSTOMERS = 3_000
WORKER = "scoring-worker"
pytestmark = pytest.mark.faults


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Suite]:
    """Scoring without a worker."""
    with Suite(tmp_path, services=("scoring",), roles=("api",)) as made:
        yield made


@pytest.fixture
def wiring(suite: Suite, say: Say) -> Iterator[Wiring]:
    """The suite's database, with customers to score."""
    url = f"sqlite:///{suite.directory}/scoring.db"
    made = Wiring(ScoringSettings(data_dir=suite.directory, scoring_database_url=url))
    with made.database.transaction() as session:
        for number in range(CUSTOMERS):
            subject = f"user_id:c{number}"
            days = range(number % 90, 180, 11 + number % 40)
            orders: list[Contract] = [say(subject, f"{number}-{day}", 100 + number, day=day) for day in days]
            made.record(session, orders)
            made.follow(session, [profile(f"p-{number}", subject)])
    yield made
    made.database.dispose()


def test_a_run_is_taken_up_again_wherever_its_worker_is_killed(suite: Suite, wiring: Wiring) -> None:
    http, attempt = suite.client("scoring"), 0
    run_id = ask(http)
    for state in ("computing", "computing", "publishing"):
        attempt = kill_in(suite, wiring, run_id, state, after=attempt)
    suite.start(WORKER)
    suite.wait_for(lambda: shown(http, run_id)["state"] == "succeeded", "the run is over")
    done = shown(http, run_id)
    assert done["scores_computed"] == done["scores_published"] == 2 * CUSTOMERS
    assert done["error"] is None
    assert set(told_on_the_bus(suite, 2 * CUSTOMERS).values()) == {1}


def test_a_run_whose_worker_is_killed_each_time_ends_as_failed_and_says_so(suite: Suite, wiring: Wiring) -> None:
    http, attempt = suite.client("scoring"), 0
    run_id = ask(http)
    for _ in range(MAX_FAILURES):
        attempt = kill_in(suite, wiring, run_id, "computing", after=attempt)
    next_id = ask(http)
    suite.start(WORKER)
    suite.wait_for(lambda: shown(http, run_id)["state"] == "failed", "the run is given up")
    assert shown(http, run_id)["error"] == DIED
    suite.wait_for(lambda: shown(http, next_id)["state"] == "succeeded", "the next run is not kept waiting")


def ask(http: httpx.Client) -> str:
    answer = http.post("/v1/score-runs", json={"models": ["rfm", "lifetime_value"], "as_of": "2024-06-01T12:00:00Z"})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def shown(http: httpx.Client, run_id: str) -> dict[str, object]:
    found: dict[str, object] = http.get(f"/v1/score-runs/{run_id}").json()
    return found


def kill_in(suite: Suite, wiring: Wiring, run_id: str, state: str, *, after: int) -> int:
    """Start a worker and kill it as soon as it is at the run, in an attempt after that one; which attempt it was."""
    suite.start(WORKER)
    deadline = time.monotonic() + 60
    run = _run(wiring, run_id)
    while (run.state, run.attempt > after) != (state, True):
        assert time.monotonic() < deadline, f"{run}\n{suite.log_ends()}"
        time.sleep(0.005)
        run = _run(wiring, run_id)
    suite.kill(WORKER)
    assert state == "publishing" or _run(wiring, run_id).state == state, "the kill came too late"
    return run.attempt


def _run(wiring: Wiring, run_id: str) -> ScoreRun:
    with wiring.database.reading() as session:
        return ScoreQueries(session).run(run_id)


def told_on_the_bus(suite: Suite, at_least: int) -> Counter[tuple[str, str]]:
    """How often each score was told."""
    bus = open_bus(suite.bus_url)
    consumer = bus.consumer("test", [SCORES.name], start_at=lambda _: {})
    told: Counter[tuple[str, str]] = Counter()

    def read() -> bool:
        good, _ = deliveries_of(consumer.poll())
        told.update((each.fact.profile_id, each.fact.model) for each in good if isinstance(each.fact, ScoreComputedV1))
        return told.total() >= at_least

    suite.wait_for(read, "all scores are on the bus")
    consumer.close()
    bus.close()
    return told
