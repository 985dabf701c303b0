"""A customer's timeline across every identifier he ever had."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import delete, text

from services.events.adapters.sql.identity_map import SqlIdentityMap
from services.events.adapters.sql.tables import seen_messages, touchpoints
from services.events.adapters.sql.timeline import SqlTimeline
from services.events.adapters.sql.timeline_reading import TimelineFilter
from services.events.bootstrap import Wiring
from services.events.settings import EventsSettings
from shared.contracts.contract import Contract
from shared.contracts.events import TouchpointRecordedV1
from shared.contracts.profile import Identifier, ProfileChangedV1, ProfilesMergedV1
from shared.outbox.outbox import Outbox
from shared.sql.database import Database
from tests.integration.events.store import keep, touchpoint
from tests.integration.events.suite import Events, events_service, wait_until

NOON = datetime(2020, 5, 1, 12, tzinfo=UTC)
A, B, C = "0a", "0b", "0c"


def changed(profile_id: str, version: int, *subjects: str) -> ProfileChangedV1:
    identifiers = tuple(Identifier(kind=s.partition(":")[0], value=s.partition(":")[2]) for s in subjects)
    return ProfileChangedV1(profile_id=profile_id, version=version, changed_at=NOON, identifiers=identifiers)


def merged(gone: str, into: str) -> ProfilesMergedV1:
    return ProfilesMergedV1(profile_id=into, merged_profile_id=gone, merged_at=NOON)


def test_merges_and_versions_may_come_in_any_order(wiring: Wiring) -> None:
    facts: list[Contract] = [
        changed(A, 1, "user_id:1", "email:x@example.com"),
        changed(A, 2, "user_id:1", "anonymous_id:a"),
        changed(B, 1, "anonymous_id:b"),
        merged(A, B),
        merged(B, C),
    ]
    for order in permutations(facts):
        with wiring.database.transaction() as session:
            for fact in order:
                wiring.erasing.follow(session, [fact])
            identities = SqlIdentityMap(session)
            for profile_id in (A, B, C):
                assert identities.subjects_of(profile_id) == ["anonymous_id:a", "anonymous_id:b", "user_id:1"]
                assert identities.survivor_of(profile_id) == C
            session.rollback()


def test_a_batch_of_facts_is_as_good_as_one_by_one(wiring: Wiring) -> None:
    with wiring.database.transaction() as session:
        wiring.erasing.follow(
            session, [changed(A, 3, "user_id:3"), changed(A, 2, "user_id:2"), merged(B, A), merged(B, A)]
        )
        wiring.erasing.follow(session, [changed(A, 1, "user_id:1")])
        identities = SqlIdentityMap(session)
        assert identities.subjects_of(B) == ["user_id:3"]
        assert identities.knows(B)
        assert not identities.knows(C)


def split_facts(draw: st.DrawFn) -> tuple[list[Contract], dict[str, set[str]]]:
    """What profile tells of a random life of three customers, in its order, and who has which subject in the end.

    A subject moves from one profile to another (a split, told as two changes), or a profile is merged into another,
    which then has the subjects of both.
    """
    owned = {profile_id: {f"user_id:{profile_id}", f"anonymous_id:{profile_id}"} for profile_id in (A, B, C)}
    versions, survivors, facts = dict.fromkeys(owned, 0), {one: one for one in owned}, list[Contract]()

    def tell(profile_id: str, at: datetime) -> None:
        versions[profile_id] += 1
        told = changed(profile_id, versions[profile_id], *sorted(owned[profile_id]))
        facts.append(msgspec.structs.replace(told, changed_at=at))

    for profile_id in owned:
        tell(profile_id, NOON)
    for step in range(1, draw(st.integers(0, 6)) + 1):
        at = NOON + timedelta(minutes=step)
        one, other = (
            draw(st.permutations(sorted(set(survivors.values()))))[:2] if len(set(survivors.values())) > 1 else (A, A)
        )
        if one == other:
            break
        if draw(st.booleans()):
            owned[other] |= owned[one]
            owned[one] = set()
            survivors = {gone: other if now == one else now for gone, now in survivors.items()}
            facts.append(msgspec.structs.replace(merged(one, other), merged_at=at))
            tell(other, at)
        elif owned[one]:
            subject = draw(st.sampled_from(sorted(owned[one])))
            owned[one].remove(subject)
            owned[other].add(subject)
            tell(one, at)
            tell(other, at)
    return facts, {profile_id: owned[survivor] for profile_id, survivor in survivors.items()}


@examples(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_merges_and_splits_in_any_order_end_with_the_same_owners(wiring: Wiring, data: st.DataObject) -> None:
    facts, owners = data.draw(st.composite(split_facts)())
    heard = data.draw(st.permutations(facts))
    batches = data.draw(st.integers(1, 4))
    with wiring.database.transaction() as session:
        for start in range(0, len(heard), batches):
            wiring.erasing.follow(session, heard[start : start + batches])
        identities = SqlIdentityMap(session)
        assert {one: set(identities.subjects_of(one)) for one in owners} == owners
        session.rollback()


def test_what_was_split_off_again_is_no_longer_the_survivors(wiring: Wiring) -> None:
    later = NOON + timedelta(hours=1)
    with wiring.database.transaction() as session:
        wiring.erasing.follow(session, [changed(A, 1, "user_id:1"), changed(B, 1, "anonymous_id:b"), merged(B, A)])
        wiring.erasing.follow(session, [changed(A, 2, "user_id:1", "anonymous_id:b")])
        identities = SqlIdentityMap(session)
        assert identities.subjects_of(B) == ["anonymous_id:b", "user_id:1"]
        wiring.erasing.follow(session, [msgspec.structs.replace(changed(C, 1, "anonymous_id:b"), changed_at=later)])
        wiring.erasing.follow(session, [msgspec.structs.replace(changed(A, 3, "user_id:1"), changed_at=later)])
        assert (identities.subjects_of(A), identities.subjects_of(C)) == (["user_id:1"], ["anonymous_id:b"])


@pytest.mark.parametrize("parts", [1, 3])
def test_a_filter_that_passes_over_very_many_goes_on_from_page_to_page(wiring: Wiring, parts: int) -> None:
    many = [touchpoint(NOON + timedelta(seconds=n), channel="web" if n % 5_500 else "kiosk") for n in range(5_600)]
    keep(wiring.database, many)
    keep(wiring.database, [touchpoint(NOON + timedelta(hours=1), subject="anonymous_id:a", channel="kiosk")])
    spread(wiring.database, parts)
    wanted, after, found, pages = TimelineFilter(channel="kiosk"), None, list[bytes](), 0
    with wiring.database.reading() as session:
        while pages == 0 or after is not None:
            read = SqlTimeline(session).page(["user_id:u", "anonymous_id:a"], wanted, limit=50, after=after)
            found, after, pages = [*found, *read.documents], read.next, pages + 1
    times = [msgspec.json.decode(one)["occurred_at"] for one in found]
    assert times == ["2020-05-01T13:31:40Z", "2020-05-01T13:00:00Z", "2020-05-01T12:00:00Z"]
    assert pages > 2


@given(
    happened=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.sampled_from(["web", "kiosk"]))),
    parts=st.integers(1, 4),
    limit=st.integers(1, 4),
    wanted=st.builds(
        TimelineFilter,
        channel=st.sampled_from([None, "web"]),
        since=st.sampled_from([None, NOON + timedelta(seconds=3)]),
        until=st.sampled_from([None, NOON + timedelta(seconds=7)]),
    ),
)
@examples(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_put_subjects_and_parts_together(
    wiring: Wiring, happened: list[tuple[str, int, str]], parts: int, limit: int, wanted: TimelineFilter
) -> None:
    clear(wiring.database)
    all_of_them = [
        touchpoint(NOON + timedelta(seconds=second), recorded=NOON, subject=f"user_id:{who}", channel=channel)
        for who, second, channel in happened
    ]
    keep(wiring.database, all_of_them)
    spread(wiring.database, parts)
    asked = [one for one in all_of_them if one.subject != "user_id:c" and fits(one, wanted)]
    expected = sorted(((one.occurred_at, one.touchpoint_id) for one in asked), reverse=True)
    found, after, begun = list[bytes](), None, False
    with wiring.database.reading() as session:
        while not begun or after is not None:
            page = SqlTimeline(session).page(["user_id:a", "user_id:b"], wanted, limit=limit, after=after)
            assert len(page.documents) <= limit
            found, after, begun = [*found, *page.documents], page.next, True
    assert [msgspec.json.decode(one)["touchpoint_id"] for one in found] == [one_id for _, one_id in expected]


def fits(one: TouchpointRecordedV1, wanted: TimelineFilter) -> bool:
    early, late = wanted.since or one.occurred_at, wanted.until or one.occurred_at + timedelta(seconds=1)
    return early <= one.occurred_at < late and wanted.channel in (None, one.channel)


def spread(database: Database, parts: int) -> None:
    """Let neighbours lie in different parts, on the database that has them."""
    if database.dialect == "sqlite":
        with database.transaction() as session:
            session.execute(text(f"UPDATE touchpoints SET part = rowid % {parts}"))


def clear(database: Database) -> None:
    with database.transaction() as session:
        for table in (touchpoints, seen_messages):
            session.execute(delete(table))


@pytest.fixture
def told(settings: EventsSettings) -> Iterator[Events]:
    """A service that knows profile A by two subjects, with 25 touchpoints, and one of somebody else."""
    with events_service(settings) as events:
        calls: list[dict[str, Any]] = [
            {
                "type": "track" if n % 5 else "page",
                "event": f"Event {n % 2}",
                **({"userId": "u"} if n % 3 else {"anonymousId": "a"}),
                "messageId": f"m{n}",
                "timestamp": (NOON + timedelta(hours=n // 2)).isoformat(),
                "context": {
                    "channel": "store" if n % 2 else "web",
                    **({"department": " Returns "} if n % 4 == 0 else {}),
                },
            }
            for n in range(25)
        ]
        events.send("/v1/batch", {"batch": [*calls, {"type": "page", "userId": "other"}]})
        wiring = Wiring(settings)
        with wiring.database.transaction() as session:
            Outbox("test").add(session, [changed(A, 1, "user_id:u", "anonymous_id:a"), merged(B, A)])
        events.wait_for(26)
        look = lambda: events.http.get(f"/v1/profiles/{B}/timeline", headers=events.read).status_code  # noqa: E731
        assert wait_until(look, lambda status: status == 200) == 200
        wiring.database.dispose()
        yield events


def timeline(events: Events, **query: Any) -> list[dict[str, Any]]:
    """All pages."""
    found: list[dict[str, Any]] = []
    while True:
        answer = events.http.get(f"/v1/profiles/{B}/timeline", params=query, headers=events.read)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["data"]
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]


def test_the_timeline_is_newest_first_over_every_subject(told: Events) -> None:
    whole = timeline(told, limit=200)
    assert len(whole) == 25
    assert [one for one in whole if "traceparent" in one] == []
    times = [(one["occurred_at"], one["touchpoint_id"]) for one in whole]
    assert times == sorted(times, reverse=True)
    for limit in (1, 7, 25):
        assert timeline(told, limit=limit) == whole
    assert timeline(told, kind="page") == [one for one in whole if one["kind"] == "page"]
    assert timeline(told, name="Event 1", limit=3) == [one for one in whole if one.get("name") == "Event 1"]
    assert timeline(told, channel="store") == [one for one in whole if one["channel"] == "store"]
    returns = [one for one in whole if one.get("department") == "returns"]
    assert (len(returns), timeline(told, department="Returns", limit=4)) == (7, returns)
    since, until = (NOON + timedelta(hours=hours) for hours in (3, 6))
    between = {"from": since.isoformat(), "to": until.isoformat()}
    assert len(timeline(told, **between)) == 6
    day = NOON.date().isoformat()
    on_it = [one for one in whole if one["occurred_at"].startswith(day)]
    assert on_it
    assert timeline(told, **{"from": day, "to": day}) == on_it
    there = since.astimezone(timezone(timedelta(hours=8))).isoformat()
    lost = told.http.get(f"/v1/profiles/{B}/timeline?from={there}&to={until.isoformat()}&limit=200", headers=told.read)
    assert len(lost.json()["data"]) == 6  # an unencoded + arrives as a space
    one = told.http.get(f"/v1/touchpoints/{whole[0]['touchpoint_id']}", headers=told.read)
    assert one.json() == whole[0]
    listed = told.get("/v1/touchpoints", params={"limit": 200})["data"]
    assert [one for one in listed if "traceparent" in one] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"cursor": "nonsense"}, 400),
        ({"cursor": "WyIyMDIwLTAxLTAxVDAwOjAwOjAwIiwieCJd"}, 400),
        ({"limit": 0}, 422),
        ({"kind": "visit"}, 422),
        ({"from": "2020-02-30"}, 422),
        ({"to": "9999-12-31"}, 422),
        ({"to": "2020-01-01T00:00:00"}, 422),
    ],
)
def test_bad_questions_are_told_so(gate: Events, query: dict[str, Any], status: int) -> None:
    answer = gate.http.get(f"/v1/profiles/{A}/timeline", params=query, headers=gate.read)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("until", ["2026-03-01T00:00:00Z", "2026-05-01T08:00:00+08:00"])
def test_a_time_that_ends_before_it_begins_is_refused(told: Events, until: str) -> None:
    query = {"from": "2026-05-01T00:00:00Z", "to": until}
    answer = told.http.get(f"/v1/profiles/{A}/timeline", params=query, headers=told.read)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"] == [
        {"where": "query.to", "detail": "must be later than `from`, or there is nothing in between"}
    ]


def test_nobody_has_no_timeline(gate: Events) -> None:
    assert gate.http.get(f"/v1/profiles/{A}/timeline", headers=gate.read).json()["code"] == "profile_not_found"
    assert gate.http.get("/v1/touchpoints/00", headers=gate.read).json()["code"] == "touchpoint_not_found"
