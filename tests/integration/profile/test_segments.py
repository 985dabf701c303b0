"""Segments from their making to their end, and what is told of their members."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from services.profile.adapters.sql.segment_reading import SegmentReading, due_segments
from services.profile.adapters.sql.tables import memberships, segments
from services.profile.bootstrap import Wiring
from services.profile.domain.errors import InvalidCondition, SegmentNotFound
from services.profile.domain.segments.reading import MAX_VALUES
from services.profile.domain.segments.segment import Segment
from services.profile.use_cases.edit_segments import Draft
from services.profile.use_cases.refresh_segment import PAGE, RefreshSegment
from services.profile.workers.segments import SegmentLoop
from shared.clock import utc_now
from shared.contracts.contract import Contract
from shared.contracts.profile import SegmentEnteredV1, SegmentLeftV1
from shared.contracts.scoring import ScoreComputedV1, ScoreWithdrawnV1
from shared.ids import new_id
from shared.sql.leases import Lease

from .scenes import START, bought, everybody, feed, known_as, of_type, told, touchpoint

FROM_TAIPEI = {"type": "trait", "key": "city", "operator": "equals", "value": "Taipei"}
TWICE = {"type": "purchases", "measure": "orders", "operator": "gte", "value": 2}


def make(wiring: Wiring, definition: dict[str, Any]) -> str:
    with wiring.writing() as (_, work):
        draft = Draft(name="s", description="", definition=definition)
        return wiring.edit_segments.create(work, draft).segment_id


def refresh(wiring: Wiring, every: timedelta = timedelta(days=1)) -> int:
    loop = segment_loop(wiring, every=every)
    try:
        return loop.refresh_due()
    finally:
        loop.lease.release()


def segment_loop(wiring: Wiring, *, every: timedelta, page: int = PAGE) -> SegmentLoop:
    return SegmentLoop(
        database=wiring.database,
        outbox=wiring.outbox,
        work=wiring.work,
        refresh=RefreshSegment(clock=utc_now, page=page),
        lease=Lease(wiring.database, "profile-segments"),
        every=every,
        clock=utc_now,
    )


def segment(wiring: Wiring, segment_id: str) -> Segment:
    with wiring.database.reading() as session:
        return SegmentReading(session).get(segment_id)


def members(wiring: Wiring, segment_id: str) -> set[str]:
    with wiring.database.reading() as session:
        return {each.profile_id for each in SegmentReading(session).members(segment_id, after=None, limit=200)}


def everyone(wiring: Wiring) -> set[str]:
    return {whole.profile.profile_id for whole in everybody(wiring)}


def identify(user: str, **traits: Any) -> Any:
    return touchpoint("identify", user_id=user, traits=traits)


def profile_id(wiring: Wiring, user: str) -> str:
    return known_as(wiring, "user_id", user).profile.profile_id


def test_a_new_segment_fills_and_says_who_entered(wiring: Wiring) -> None:
    feed(wiring, identify("jane", city="Taipei"), identify("john", city="Tainan"))
    made = make(wiring, FROM_TAIPEI)
    assert (segment(wiring, made).state, segment(wiring, made).size) == ("computing", 0)
    assert refresh(wiring) == 1
    entered = of_type(told(wiring), SegmentEnteredV1)
    assert [(each.profile_id, each.sequence) for each in entered] == [(profile_id(wiring, "jane"), 1)]
    assert (segment(wiring, made).state, segment(wiring, made).size) == ("ready", 1)
    assert refresh(wiring) == 0


def test_members_enter_and_leave_with_the_change_that_moves_them(wiring: Wiring) -> None:
    made = make(wiring, FROM_TAIPEI)
    refresh(wiring)
    steps = [("Taipei", SegmentEnteredV1), ("Tainan", SegmentLeftV1), ("Taipei", SegmentEnteredV1)]
    for hour, (city, kind) in enumerate(steps):
        facts = feed(wiring, touchpoint("identify", user_id="jane", traits={"city": city}, hours=hour))
        assert [each.sequence for each in of_type(facts, kind)] == [hour + 1]
    assert segment(wiring, made).size == 1
    assert members(wiring, made) == {profile_id(wiring, "jane")}


def test_somebody_new_is_tried_against_every_segment(wiring: Wiring) -> None:
    made = make(wiring, {"type": "not", "condition": TWICE})
    refresh(wiring)
    facts = feed(wiring, touchpoint("page", anonymous_id="visitor"))
    assert len(of_type(facts, SegmentEnteredV1)) == 1
    assert segment(wiring, made).size == 1


def test_a_merge_moves_purchases_into_one_member(wiring: Wiring) -> None:
    once = make(wiring, {**TWICE, "value": 1})
    twice = make(wiring, TWICE)
    refresh(wiring)
    feed(wiring, touchpoint(anonymous_id="a", order=bought("1", 10)), touchpoint(user_id="u", order=bought("2", 10)))
    gone = profile_id(wiring, "u")
    assert segment(wiring, once).size == 2
    facts = feed(wiring, touchpoint("identify", user_id="u", anonymous_id="a"))
    left = [(each.segment_id, each.profile_id) for each in of_type(facts, SegmentLeftV1)]
    assert left == [(once, gone)]
    assert [(each.segment_id, each.profile_id) for each in of_type(facts, SegmentEnteredV1)] == [
        (twice, profile_id(wiring, "u"))
    ]
    assert (segment(wiring, once).size, segment(wiring, twice).size) == (1, 1)


IN_BLOCK_B = {"type": "score", "model": "rfm", "field": "label", "operator": "equals", "value": "B"}


def score(label: str, hours: int, whose: str, *, as_of: int | None = None) -> ScoreComputedV1:
    """Computed, and unless said otherwise looking at what was known, so many hours after the start."""
    return ScoreComputedV1(
        profile_id=whose,
        model="rfm",
        model_version="1",
        run_id="r",
        value=5.0,
        as_of=START + timedelta(hours=hours if as_of is None else as_of),
        computed_at=START + timedelta(hours=hours),
        label=label,
    )


def test_scores_move_members_and_an_older_score_does_not(wiring: Wiring) -> None:
    made = make(wiring, IN_BLOCK_B)
    refresh(wiring)
    feed(wiring, touchpoint(user_id="jane"), touchpoint(anonymous_id="tablet"))
    merged = known_as(wiring, "anonymous_id", "tablet").profile.profile_id
    feed(wiring, touchpoint(user_id="jane", anonymous_id="tablet"))

    assert len(of_type(feed(wiring, score("B", 5, merged)), SegmentEnteredV1)) == 1
    assert feed(wiring, score("A", 4, merged)) == []
    assert feed(wiring, score("A", 4, "never-was-here")) == []
    assert members(wiring, made) == {profile_id(wiring, "jane")}
    assert len(of_type(feed(wiring, score("A", 6, profile_id(wiring, "jane"))), SegmentLeftV1)) == 1


@pytest.mark.parametrize("together", [True, False])
def test_a_score_of_the_past_moves_nobody_however_late_it_is_computed(wiring: Wiring, together: bool) -> None:
    made = make(wiring, IN_BLOCK_B)
    refresh(wiring)
    feed(wiring, touchpoint(user_id="jane"))
    jane = profile_id(wiring, "jane")
    told = [score("B", 5, jane), score("A", 9, jane, as_of=1)]
    for facts in [told] if together else [[each] for each in told]:
        feed(wiring, *facts)
    assert members(wiring, made) == {jane}
    feed(wiring, score("A", 8, jane, as_of=5))
    assert members(wiring, made) == set()


def no_score(hours: int, whose: str) -> ScoreWithdrawnV1:
    at = START + timedelta(hours=hours)
    return ScoreWithdrawnV1(profile_id=whose, model="rfm", run_id="r", as_of=at, withdrawn_at=at)


@pytest.mark.parametrize("together", [True, False])
def test_a_score_that_is_withdrawn_holds_of_nobody(wiring: Wiring, together: bool) -> None:
    made = make(wiring, IN_BLOCK_B)
    has_one = make(wiring, {"type": "score", "model": "rfm", "field": "value", "operator": "exists"})
    refresh(wiring)
    feed(wiring, touchpoint(user_id="jane"), touchpoint(user_id="john"))
    jane, john = profile_id(wiring, "jane"), profile_id(wiring, "john")
    told = [score("B", 5, jane), score("B", 5, john), no_score(6, jane), no_score(5, john), no_score(6, "never-was")]
    for facts in [reversed(told)] if together else [[each] for each in told]:
        feed(wiring, *facts)
    assert members(wiring, made) == members(wiring, has_one) == {john}
    feed(wiring, score("B", 7, jane))
    assert members(wiring, made) == {jane, john}


def test_a_merge_keeps_the_score_that_looks_at_the_later_moment(wiring: Wiring) -> None:
    made = make(wiring, IN_BLOCK_B)
    refresh(wiring)
    feed(wiring, touchpoint(user_id="jane"), touchpoint(anonymous_id="tablet"))
    feed(wiring, score("B", 5, known_as(wiring, "anonymous_id", "tablet").profile.profile_id))
    feed(wiring, score("A", 9, profile_id(wiring, "jane"), as_of=1))
    feed(wiring, touchpoint("identify", user_id="jane", anonymous_id="tablet"))
    assert members(wiring, made) == {profile_id(wiring, "jane")}


def test_a_changed_definition_moves_members_when_it_is_computed(wiring: Wiring) -> None:
    feed(wiring, identify("jane", city="Taipei"), identify("john", city="Tainan"))
    made = make(wiring, FROM_TAIPEI)
    refresh(wiring)
    told(wiring)
    with wiring.writing() as (_, work):
        draft = Draft(name="t", description="", definition={**FROM_TAIPEI, "value": "Tainan"})
        wiring.edit_segments.change(work, made, draft, seen=1)
    refresh(wiring)
    facts = told(wiring)
    assert [each.profile_id for each in of_type(facts, SegmentEnteredV1)] == [profile_id(wiring, "john")]
    assert [each.profile_id for each in of_type(facts, SegmentLeftV1)] == [profile_id(wiring, "jane")]


def test_a_segment_with_as_many_values_as_there_may_be_stops_nothing(wiring: Wiring) -> None:
    city = {"type": "trait", "key": "city", "operator": "in"}
    lists = [[str(number) for number in range(start, start + 1_000)] for start in range(0, MAX_VALUES, 1_000)]
    made = make(wiring, {"type": "or", "conditions": [{**city, "value": names} for names in lists]})
    feed(wiring, identify("jane", city=str(MAX_VALUES - 1)), identify("john", city=str(MAX_VALUES)))
    assert members(wiring, made) == {profile_id(wiring, "jane")}
    too_many = {"type": "or", "conditions": [{**city, "value": names} for names in (*lists, ["1"])]}
    with pytest.raises(InvalidCondition):
        make(wiring, too_many)


def test_a_segment_of_before_that_contradicts_itself_works_as_it_did(wiring: Wiring) -> None:
    kept = Segment(
        segment_id=new_id(),
        name="n",
        description="",
        definition={**TWICE, "between": {"from": "2026-01-04", "to": "2026-01-02"}},
        state="computing",
        size=0,
        version=1,
        moves_with_time=False,
        created_at=START,
        updated_at=START,
    )
    with wiring.writing() as (_, work):
        work.segments.save(kept)
    refresh(wiring)
    days = [touchpoint(user_id="jane", hours=24 * day, order=bought(str(day), 10)) for day in range(5)]
    assert of_type(feed(wiring, *days), SegmentEnteredV1) == []
    found = segment(wiring, kept.segment_id)
    assert (found.state, found.size, found.definition) == ("ready", 0, kept.definition)


def test_all_leave_a_deleted_segment(wiring: Wiring) -> None:
    feed(wiring, identify("jane", city="Taipei"))
    made = make(wiring, FROM_TAIPEI)
    refresh(wiring)
    told(wiring)
    with wiring.writing() as (_, work):
        wiring.edit_segments.delete(work, made, seen=None)
    with pytest.raises(SegmentNotFound):
        segment(wiring, made)
    refresh(wiring)
    assert [(each.profile_id, each.sequence) for each in of_type(told(wiring), SegmentLeftV1)] == [
        (profile_id(wiring, "jane"), 2)
    ]
    with wiring.database.reading() as session:
        assert session.execute(select(memberships)).all() == []


@dataclass(frozen=True, slots=True)
class Paging:
    """A worker that evaluates two profiles in a transaction."""

    wiring: Wiring

    def page(self) -> list[Contract]:
        loop = segment_loop(self.wiring, every=timedelta(days=1), page=2)
        loop.refresh_due()
        loop.lease.release()
        return told(self.wiring)

    def rest(self, made: str) -> list[Contract]:
        facts: list[Contract] = []
        while segment(self.wiring, made).state != "ready":
            facts += self.page()
        return facts


@pytest.fixture
def paging(wiring: Wiring) -> Paging:
    """Five people from Taipei, in the order of their profiles' ids, and one from Tainan behind them."""
    feed(wiring, *(identify(f"u{number}", city="Taipei") for number in range(5)), identify("u5", city="Tainan"))
    told(wiring)
    return Paging(wiring)


def test_pages_fill_a_segment_each_with_its_own_and_the_last_makes_it_ready(wiring: Wiring, paging: Paging) -> None:
    made = make(wiring, FROM_TAIPEI)
    sizes = []
    while segment(wiring, made).state == "computing":
        assert segment(wiring, made).evaluated_at is None
        paging.page()
        sizes.append(segment(wiring, made).size)
    assert sizes[:3] == [2, 4, 5]
    assert len(members(wiring, made)) == 5


def test_what_changes_on_either_side_of_the_page_is_right_in_the_end(wiring: Wiring, paging: Paging) -> None:
    made = make(wiring, FROM_TAIPEI)
    first, last = sorted(everyone(wiring))[0], sorted(everyone(wiring))[-1]
    facts = paging.page()
    with wiring.writing() as (session, work):
        moves = [
            *wiring.set_traits(work, first, {"city": "Tainan"}),
            *wiring.set_traits(work, last, {"city": "Taipei"}),
        ]
        wiring.outbox.add(session, moves)
    facts += [*told(wiring), *paging.rest(made)]
    assert members(wiring, made) == everyone(wiring) - {first}
    assert [each.sequence for each in of_type(facts, SegmentEnteredV1) if each.profile_id == last] == [1]
    assert [each.sequence for each in of_type(facts, SegmentLeftV1)] == [2]
    assert segment(wiring, made).size == len(members(wiring, made))


def test_a_new_definition_amid_the_pages_begins_at_the_first(wiring: Wiring, paging: Paging) -> None:
    made = make(wiring, FROM_TAIPEI)
    paging.page()
    with wiring.writing() as (_, work):
        draft = Draft(name="t", description="", definition={**FROM_TAIPEI, "value": "Tainan"})
        wiring.edit_segments.change(work, made, draft, seen=1)
    paging.rest(made)
    assert members(wiring, made) == {profile_id(wiring, "u5")}


def test_a_deleted_segment_is_emptied_in_pages_and_everyone_is_told_once(wiring: Wiring, paging: Paging) -> None:
    made = make(wiring, FROM_TAIPEI)
    was = {each.profile_id for each in of_type(paging.rest(made), SegmentEnteredV1)}
    with wiring.writing() as (_, work):
        wiring.edit_segments.delete(work, made, seen=None)
    left: list[str] = []
    while facts := of_type(paging.page(), SegmentLeftV1):
        left += [each.profile_id for each in facts]
    assert sorted(left) == sorted(was)
    with wiring.database.reading() as session:
        assert session.execute(select(memberships)).all() == session.execute(select(segments)).all() == []


def test_only_segments_that_move_with_time_fall_due_again(wiring: Wiring) -> None:
    make(wiring, FROM_TAIPEI)
    moving = make(wiring, {"type": "last_purchase", "within_days": 7})
    refresh(wiring)
    with wiring.database.reading() as session:
        assert due_segments(session, stale_before=utc_now()) == [moving]
        assert due_segments(session, stale_before=utc_now() - timedelta(hours=1)) == []


def test_time_alone_moves_members(wiring: Wiring) -> None:
    at = utc_now() - timedelta(days=7) + timedelta(seconds=1)
    hours = (at - START) / timedelta(hours=1)
    feed(wiring, touchpoint(user_id="jane", hours=hours, order=bought("1", 100)))
    made = make(wiring, {"type": "last_purchase", "within_days": 7})
    refresh(wiring)
    assert segment(wiring, made).size == 1
    stop = threading.Event()
    loop = segment_loop(wiring, every=timedelta(seconds=0))
    thread = threading.Thread(target=loop.run, args=(stop,))
    thread.start()
    try:
        _eventually(lambda: segment(wiring, made).size == 0)
    finally:
        stop.set()
        thread.join()


def _eventually(holds: Callable[[], bool]) -> None:
    waited = threading.Event()
    for _ in range(100):
        if holds():
            return
        waited.wait(0.1)
    raise AssertionError("did not come true within ten seconds")
