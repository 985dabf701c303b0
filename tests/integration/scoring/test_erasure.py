"""Erasing customers from scoring, in any order of arrival."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations

import httpx
from msgspec.structs import replace
from sqlalchemy import delete

from services.scoring.adapters.sql.tables import metadata
from services.scoring.bootstrap import Wiring
from services.scoring.domain.scores import Score
from services.scoring.use_cases.ports import Progress
from shared.contracts.contract import Contract
from shared.contracts.events import TouchpointRecordedV1
from shared.contracts.profile import Identifier, ProfileChangedV1, ProfileErasedV1, ProfilesMergedV1
from shared.sql.plumbing import erased_names
from tests.integration.scoring.conftest import NOW, Say
from tests.support.search import places_of

JANE, OLD, NEW = "p-jane", "p-jane-before", "p-jane-again"
ERASED = ProfileErasedV1(
    erasure_id="e", profile_id=JANE, merged_profile_ids=(OLD,), subjects=("user_id:jane",), erased_at=NOW
)
CHANGED = ProfileChangedV1(
    profile_id=JANE, version=2, changed_at=NOW, identifiers=(Identifier(kind="user_id", value="jane"),)
)
MERGED = ProfilesMergedV1(profile_id=JANE, merged_profile_id=OLD, merged_at=NOW)


def tell(wiring: Wiring, facts: Sequence[Contract]) -> None:
    with wiring.database.transaction() as session:
        for fact in facts:
            handle = wiring.record if isinstance(fact, TouchpointRecordedV1) else wiring.follow
            handle(session, [fact])


def test_in_any_order_nothing_is_left_but_what_came_later(wiring: Wiring, say: Say) -> None:
    early = say("user_id:jane", "order-of-old", 1200)
    later = replace(say("user_id:jane", "order-of-new", 700), received_at=NOW + timedelta(hours=1))
    returned = replace(CHANGED, profile_id=NEW, version=1, changed_at=NOW + timedelta(hours=1))
    facts_of_all = [early, later, CHANGED, MERGED, ERASED, returned]
    for facts in list(permutations(facts_of_all))[::13]:  # some of the orders, each fact in each place
        tell(wiring, facts)
        assert places_of([f"{JANE}'", "order-of-old"], wiring.database) == set()
        left = places_of(["order-of-new", NEW, OLD], wiring.database)
        assert left == {
            "order_statements.order_id: order-of-new",
            f"profiles.profile_id: {NEW}",
            f"profiles.survivor_id: {NEW}",
            f"subjects.profile_id: {NEW}",
        }
        with wiring.database.transaction() as session:
            for table in (*metadata.sorted_tables, erased_names):
                session.execute(delete(table))


def test_scores_go_too_and_no_run_makes_any(wiring: Wiring, say: Say, http: httpx.Client) -> None:
    tell(wiring, [say("user_id:jane", "o1", 1200), say("user_id:ann", "o2", 900), CHANGED])
    tell(wiring, [replace(CHANGED, profile_id="p-ann", identifiers=(Identifier(kind="user_id", value="ann"),))])
    assert http.post("/v1/score-runs", json={"models": ["rfm"]}).status_code == 202
    wiring.perform_next_run()
    assert places_of([JANE], wiring.database, apart_from=["outbox"])
    tell(wiring, [ERASED])
    assert places_of([JANE, "jane"], wiring.database, apart_from=["outbox"]) == set()
    assert "scores.profile_id: p-ann" in places_of(["p-ann"], wiring.database)
    assert http.post("/v1/score-runs", json={"models": ["rfm"]}).status_code == 202
    with wiring.storage.transaction() as runs:  # a run that had read its customers before
        run = runs.take_up(at=NOW)
        assert run is not None
        scores = [
            Score(profile_id=profile_id, model="rfm", value=1.0, label="B", currency="GBP", values={}, drivers=())
            for profile_id in (JANE, "p-ann")
        ]
        runs.stage(dataclasses.replace(run, progress=Progress(staged=2)), scores)
        assert [score.profile_id for score in runs.to_publish(run, 10)] == ["p-ann"]
    assert places_of([JANE, "jane"], wiring.database, apart_from=["outbox"]) == set()
