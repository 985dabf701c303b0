"""What campaigns are told of the segment that they go to, and what it stands behind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from services.profile.bootstrap import Wiring
from services.profile.use_cases.edit_segments import Draft
from shared.contracts.contract import Contract
from shared.contracts.messaging import AudienceWantedV1
from shared.contracts.profile import ProfileChangedV1, SegmentEnteredV1, SegmentMissingV1, SegmentToldV1
from shared.contracts.topics import PROFILES
from shared.ids import new_id

from .scenes import feed, of_type, told, touchpoint
from .test_segments import FROM_TAIPEI, make, refresh, segment, segment_loop


def ask(wiring: Wiring, segment_id: str, *, members: bool = True) -> str:
    wanted = AudienceWantedV1(audience_id=new_id(), segment_id=segment_id, members=members, traceparent="t")
    with wiring.database.transaction() as session:
        wiring.handle_audiences(session, [wanted])
    return wanted.audience_id


def people(wiring: Wiring, number: int) -> None:
    identified = [touchpoint("identify", user_id=f"u{n}", traits={"city": "Taipei"}) for n in range(number)]
    with wiring.database.transaction() as session:
        wiring.handle_touchpoints(session, identified)


def lanes(facts: Sequence[Contract]) -> list[list[Any]]:
    """The facts of each partition, in the order in which the outbox has them."""
    found: list[list[Any]] = [[] for _ in range(PROFILES.partitions)]
    for fact in facts:
        found[PROFILES.partition_of(fact.bus_key)].append(fact)
    return found


def test_each_partition_hears_the_end_behind_all_members_and_their_state(wiring: Wiring) -> None:
    people(wiring, 60)
    made = make(wiring, FROM_TAIPEI)
    audience_id = ask(wiring, made)
    refresh(wiring)
    facts = told(wiring)
    assert len(of_type(facts, SegmentEnteredV1)) == len(of_type(facts, ProfileChangedV1)) == 60
    for partition, lane in enumerate(lanes(facts)):
        *before, last = lane
        assert last == SegmentToldV1(
            audience_id=audience_id, segment_id=made, partition=partition, partitions=8, traceparent="t"
        )
        assert of_type(before, SegmentEnteredV1)
        assert not of_type(before, SegmentToldV1)
    assert (segment(wiring, made).state, segment(wiring, made).size) == ("ready", 60)
    assert refresh(wiring) == 0


def test_a_segment_that_is_ready_is_told_as_it_is(wiring: Wiring) -> None:
    people(wiring, 1)
    made = make(wiring, FROM_TAIPEI)
    refresh(wiring)
    told(wiring)
    ask(wiring, made)
    assert [fact.partition for fact in of_type(told(wiring), SegmentToldV1)] == list(range(8))


def test_what_was_edited_before_the_question_is_told_as_it_is_now(wiring: Wiring) -> None:
    feed(wiring, touchpoint("identify", user_id="john", traits={"city": "Tainan"}))
    made = make(wiring, FROM_TAIPEI)
    refresh(wiring)
    told(wiring)
    with wiring.writing() as (_, work):
        draft = Draft(name="s", description="", definition={**FROM_TAIPEI, "value": "Tainan"})
        wiring.edit_segments.change(work, made, draft, seen=None)
    ask(wiring, made)
    refresh(wiring)
    facts = told(wiring)
    assert [len(of_type(facts, each)) for each in (SegmentEnteredV1, SegmentToldV1)] == [1, 8]
    assert segment(wiring, made).state == "ready"


def test_a_segment_that_there_is_not_is_missed(wiring: Wiring) -> None:
    made = make(wiring, FROM_TAIPEI)
    with wiring.writing() as (_, work):
        wiring.edit_segments.delete(work, made, seen=None)
    for segment_id in (made, new_id()):
        for members in (True, False):
            audience_id = ask(wiring, segment_id, members=members)
            assert told(wiring) == [SegmentMissingV1(audience_id=audience_id, segment_id=segment_id, traceparent="t")]


def test_only_members_that_are_wanted_are_told(wiring: Wiring) -> None:
    made = make(wiring, FROM_TAIPEI)
    ask(wiring, made, members=False)
    assert told(wiring) == []
    assert segment(wiring, made).state == "computing"


def test_what_is_asked_between_two_pages_is_answered_once_and_with_the_last(wiring: Wiring) -> None:
    people(wiring, 5)
    made = make(wiring, FROM_TAIPEI)
    loop = segment_loop(wiring, every=timedelta(hours=1), page=2)
    loop.refresh_due()
    asked = [ask(wiring, made) for _ in range(2)]
    loop.refresh_due()
    assert not of_type(told(wiring), SegmentToldV1)
    loop.refresh_due()
    ends = of_type(told(wiring), SegmentToldV1)
    assert sorted((each.audience_id, each.partition) for each in ends) == [(one, n) for one in asked for n in range(8)]
    loop.refresh_due()
    assert told(wiring) == []
    loop.lease.release()


def test_what_is_asked_of_a_segment_that_goes_before_it_is_ready_is_missed(wiring: Wiring) -> None:
    people(wiring, 1)
    made = make(wiring, FROM_TAIPEI)
    audience_id = ask(wiring, made)
    with wiring.writing() as (_, work):
        wiring.edit_segments.delete(work, made, seen=None)
    refresh(wiring)
    missed = of_type(told(wiring), SegmentMissingV1)
    assert missed == [SegmentMissingV1(audience_id=audience_id, segment_id=made, traceparent="t")]
