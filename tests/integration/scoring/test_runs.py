"""Score runs: one effect each, whatever dies in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from services.scoring.adapters.sql.score_queries import ScoreFilter, ScoreQueries
from services.scoring.adapters.sql.tables import order_statements, scores
from services.scoring.bootstrap import Wiring
from services.scoring.use_cases import perform_run
from services.scoring.use_cases.perform_run import perform_next_run
from services.scoring.use_cases.ports import RunSettings, ScoreRun, TakenOver
from services.scoring.use_cases.request_run import request_due_run, request_run
from shared.bus.cloudevents import from_record
from shared.bus.ports import Record
from shared.contracts.contract import Contract
from shared.contracts.profile import ProfileErasedV1, ProfilesMergedV1
from shared.contracts.scoring import ScoreComputedV1, ScoreWithdrawnV1
from shared.inbox.deliveries import fact_of
from shared.sql.plumbing import outbox
from tests.integration.scoring.conftest import NOW, Say
from tests.integration.scoring.test_facts import profile

CUSTOMERS = 60
ERASED = ProfileErasedV1(erasure_id="e", profile_id="p-c000", subjects=("user_id:c000",), erased_at=NOW)
_NO_ROOM = (
    "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$"
)
SLICE = 50  # two models: a run is staged, and told, in three slices


@pytest.fixture
def filled(wiring: Wiring, say: Say) -> Wiring:
    names = [f"c{number:03}" for number in range(CUSTOMERS)]
    facts: list[Contract] = [profile(f"p-{name}", f"user_id:{name}") for name in names]
    for number, name in enumerate(names):
        days = range(number % 90, 180, 11 + number % 40)
        facts += [say(f"user_id:{name}", f"{name}-{day}", 100 + number, day=day) for day in days]
    facts.append(say("anonymous_id:kiosk", "k1", 100))
    facts.append(say("user_id:nobody-knows", "n1", 100))
    with wiring.database.transaction() as session:
        wiring.record(session, facts)
        wiring.follow(session, facts)
    return wiring


def ask(wiring: Wiring, **settings: object) -> ScoreRun:
    asked = RunSettings(("rfm", "lifetime_value"), as_of=NOW)
    with wiring.storage.transaction() as runs:
        return request_run(runs, replace(asked, **settings), trigger="request", at=NOW)


def told(wiring: Wiring) -> list[ScoreComputedV1]:
    return [fact for fact in facts_of(wiring) if isinstance(fact, ScoreComputedV1)]


def withdrawn(wiring: Wiring) -> list[tuple[str, str]]:
    return [(fact.profile_id, fact.model) for fact in facts_of(wiring) if isinstance(fact, ScoreWithdrawnV1)]


def facts_of(wiring: Wiring) -> list[Contract | None]:
    with wiring.database.reading() as session:
        rows = session.execute(select(outbox).order_by(outbox.c.sequence)).all()
    facts: list[Contract | None] = []
    for row in rows:
        headers = tuple((name, value.encode("latin-1")) for name, value in row.headers)
        stored = Record(row.topic, row.partition, row.sequence, bytes(row.value), row.key, headers, row.created_at)
        facts += [fact_of(event) for event in from_record(stored)]
    return facts


def get(wiring: Wiring, run: ScoreRun) -> ScoreRun:
    with wiring.database.reading() as session:
        return ScoreQueries(session).run(run.id)


def test_a_run_scores_everybody_once_and_tells_it(filled: Wiring) -> None:
    run = ask(filled)
    assert filled.perform_next_run()
    assert not filled.perform_next_run()
    done = get(filled, run)
    assert (done.state, done.progress.staged, done.progress.published) == ("succeeded", 120, 120)
    assert done.report is not None
    assert done.report["counts"]["scored"] == CUSTOMERS
    assert done.report["counts"]["anonymous"] == 1
    assert done.report["counts"]["without_profile"] == 1
    facts = told(filled)
    assert Counter((fact.profile_id, fact.model) for fact in facts).most_common(1)[0][1] == 1
    assert len(facts) == 2 * CUSTOMERS
    assert {fact.run_id for fact in facts} == {run.id}
    assert all(fact.reasons for fact in facts)


def perform(wiring: Wiring, still_mine: Callable[[], bool]) -> bool:
    return perform_next_run(wiring.storage, clock=wiring.clock, still_mine=still_mine, keep_runs=2, slice_size=SLICE)


class Killed(BaseException):
    """As kill -9: nothing gets to clean up."""


@pytest.mark.parametrize("steps", range(7))
def test_killed_at_any_slice_it_ends_with_one_effect(filled: Wiring, steps: int) -> None:
    run = ask(filled)
    left = iter(range(steps))

    def still_mine() -> bool:
        if next(left, None) is None:
            raise Killed
        return True

    with pytest.raises(Killed):
        perform(filled, still_mine)
    assert perform(filled, lambda: True)
    done = get(filled, run)
    assert (done.state, done.attempt) == ("succeeded", 2)
    assert Counter((fact.profile_id, fact.model) for fact in told(filled)).total() == 2 * CUSTOMERS


@pytest.mark.parametrize("steps", range(1, 7))
def test_an_erasure_in_the_middle_of_a_run_tells_nobody_else_twice(filled: Wiring, steps: int) -> None:
    run = ask(filled)
    left = iter(range(steps))

    def still_mine() -> bool:
        if next(left, None) == steps - 1:
            with filled.database.transaction() as session:
                filled.follow(session, [ERASED])
        return True

    assert perform(filled, still_mine)
    assert get(filled, run).state == "succeeded"
    times = Counter((fact.profile_id, fact.model) for fact in told(filled))
    assert set(times.values()) == {1}
    assert {profile_id for profile_id, _ in times} >= {f"p-c{number:03}" for number in range(1, CUSTOMERS)}


def test_a_worker_that_was_overtaken_writes_nothing(filled: Wiring) -> None:
    ask(filled)
    with filled.storage.transaction() as runs:
        slow = runs.take_up(at=NOW)
    with filled.storage.transaction() as runs:
        assert runs.take_up(at=NOW) is not None
    assert slow is not None
    with pytest.raises(TakenOver), filled.storage.transaction() as runs:
        runs.save(slow)


def test_a_fault_that_stays_fails_the_run_and_not_the_next_one(filled: Wiring) -> None:
    run = ask(filled)

    def broken() -> bool:
        raise RuntimeError("disk on fire")

    for _ in range(perform_run.MAX_FAILURES):
        with pytest.raises(RuntimeError):
            perform(filled, broken)
    failed = get(filled, run)
    assert (failed.state, failed.error) == ("failed", "RuntimeError: disk on fire")
    following = ask(filled)
    assert filled.perform_next_run()
    assert get(filled, following).state == "succeeded"


def test_a_run_that_kills_its_worker_each_time_fails_and_lets_the_next_one_by(filled: Wiring) -> None:
    run = ask(filled)

    def killed() -> bool:
        raise Killed

    for _ in range(perform_run.MAX_FAILURES):
        with pytest.raises(Killed):
            perform(filled, killed)
        assert get(filled, run).state == "computing"
    assert perform(filled, killed)
    assert (get(filled, run).state, get(filled, run).error) == ("failed", perform_run.DIED)
    assert told(filled) == []
    following = ask(filled)
    assert filled.perform_next_run()
    assert get(filled, following).state == "succeeded"


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.services)], indirect=True)
def test_a_database_in_trouble_does_not_fail_a_run(filled: Wiring) -> None:
    run = ask(filled)
    with filled.database.transaction() as session:
        session.execute(text(_NO_ROOM))
        session.execute(text("CREATE TRIGGER no_room BEFORE INSERT ON scores EXECUTE FUNCTION no_room()"))
    for _ in range(2 * perform_run.MAX_FAILURES):
        with pytest.raises(OperationalError, match="no room"):
            perform(filled, lambda: True)
    with filled.database.transaction() as session:
        session.execute(text("DROP TRIGGER no_room ON scores"))
    assert perform(filled, lambda: True)
    assert (get(filled, run).state, get(filled, run).error) == ("succeeded", None)


def test_workers_that_are_stopped_in_good_order_do_not_fail_a_run(filled: Wiring) -> None:
    run = ask(filled)
    for _ in range(3 * perform_run.MAX_FAILURES):
        assert perform(filled, lambda: False)
    assert perform(filled, lambda: True)
    assert (get(filled, run).state, get(filled, run).error) == ("succeeded", None)


def test_scores_of_old_runs_are_forgotten_and_their_reports_kept(filled: Wiring) -> None:
    runs = [ask(filled, models=("rfm",)) for _ in range(4)]
    while filled.perform_next_run():
        pass
    with filled.database.reading() as session:
        kept = session.execute(select(scores.c.run_id, func.count()).group_by(scores.c.run_id)).all()
    assert sorted(kept) == sorted((run.id, CUSTOMERS) for run in runs[2:])
    assert get(filled, runs[0]).report


def test_a_run_of_the_past_does_not_replace_what_counts_today(filled: Wiring) -> None:
    today = ask(filled)
    past = [ask(filled, models=("rfm",), as_of=NOW - timedelta(days=30 + number)) for number in range(3)]
    while filled.perform_next_run():
        pass
    with filled.database.reading() as session:
        queries = ScoreQueries(session)
        counting = [queries.latest_run(model) for model in ("rfm", "lifetime_value")]
        assert [run.id for run in counting if run] == [today.id, today.id]
        assert {each.run_id for each in queries.of_profile("p-c000")} == {today.id}
        still_there = [bool(queries.of_run(queries.run(run.id), ScoreFilter("rfm"), limit=1)) for run in past]
    assert still_there == [False, True, True]


def test_of_two_runs_of_one_moment_the_later_counts(filled: Wiring) -> None:
    ask(filled, models=("rfm",))
    second = ask(filled, models=("rfm",))
    while filled.perform_next_run():
        pass
    with filled.database.reading() as session:
        counts = ScoreQueries(session).latest_run("rfm")
    assert counts is not None
    assert counts.id == second.id


def test_who_has_no_purchase_any_more_has_no_score_either(filled: Wiring, say: Say) -> None:
    ask(filled, as_of=NOW - timedelta(hours=3))
    assert filled.perform_next_run()
    with filled.database.transaction() as session:
        orders = select(order_statements.c.order_id, order_statements.c.subject)
        gone = session.execute(orders.where(order_statements.c.subject.in_(["user_id:c007", "user_id:c008"]))).all()
        filled.record(session, [say(row.subject, row.order_id, None, status="cancelled", day=199) for row in gone])
        filled.follow(session, [ProfilesMergedV1(profile_id="p-c009", merged_profile_id="p-c008", merged_at=NOW)])
    ask(filled, models=("rfm",), as_of=NOW - timedelta(days=1))
    assert filled.perform_next_run()
    assert withdrawn(filled) == [], "what counts is the run of today"
    for hours_ago in (2, 1):
        ask(filled, as_of=NOW - timedelta(hours=hours_ago))
        assert filled.perform_next_run()
        assert withdrawn(filled) == [("p-c007", "rfm"), ("p-c007", "lifetime_value")]


def test_nobody_to_score_is_a_run_too(wiring: Wiring) -> None:
    run = ask(wiring)
    assert wiring.perform_next_run()
    assert get(wiring, run).state == "succeeded"


def test_anonymous_customers_are_scored_on_request(wiring: Wiring, say: Say) -> None:
    with wiring.database.transaction() as session:
        wiring.record(session, [say("anonymous_id:kiosk", "k1", 100)])
        wiring.follow(session, [profile("p-kiosk", "anonymous_id:kiosk")])
    run = ask(wiring, include_anonymous=True)
    wiring.perform_next_run()
    with wiring.database.reading() as session:
        queries = ScoreQueries(session)
        (found,) = queries.of_run(queries.run(run.id), ScoreFilter("rfm"), limit=5)
    assert found.score.profile_id == "p-kiosk"


def test_the_schedule_waits_for_its_hour(wiring: Wiring) -> None:
    def due(*, after: timedelta) -> ScoreRun | None:
        return request_due_run(wiring.storage, every=timedelta(hours=24), idle_since=NOW, clock=lambda: NOW + after)

    assert due(after=timedelta(hours=23)) is None
    first = due(after=timedelta(hours=25))
    assert first is not None
    assert (first.trigger, first.settings.models) == ("schedule", ("rfm", "lifetime_value"))
    assert due(after=timedelta(hours=26)) is None
    with wiring.storage.transaction() as runs:
        of_the_past = RunSettings(("rfm",), as_of=NOW - timedelta(days=365))
        request_run(runs, of_the_past, trigger="request", at=NOW + timedelta(hours=49))
    assert due(after=timedelta(hours=50)) is not None
