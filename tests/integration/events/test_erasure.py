"""Erasing customers from events, on both databases: every trace, also those that are on their way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, select

from services.events.adapters.sql.tables import metadata
from services.events.bootstrap import Wiring
from services.events.domain.subjects import id_behind
from services.events.settings import EventsSettings
from services.events.use_cases.erasure.ports import ToErase
from services.events.use_cases.erasure.search import Search
from services.events.use_cases.tracking_plan.mend_quarantine import correct_call
from services.events.use_cases.tracking_plan.ports import Entry
from services.events.wiring.recording import INGEST_CONSUMER
from shared.bus.cloudevents import Event
from shared.contracts.contract import Contract
from shared.contracts.ingest import IngestReceivedV1, IngestWebhookReceivedV1
from shared.contracts.profile import Identifier, ProfileChangedV1, ProfileErasedV1, ProfilesMergedV1
from shared.contracts.topics import INGEST
from shared.ids import new_id
from shared.outbox.outbox import Outbox
from shared.sql.plumbing import dead_letters, erased_names
from tests.integration.events.partner import Partner
from tests.integration.events.suite import Events, events_service, wait_until
from tests.support.archive import rows_of
from tests.support.search import places_of

SOURCE = "00000000-0000-7000-8000-000000000001"
WORDS = ("jane", "tablet-7", "Janette", "o-4711")
APART = ("outbox",)
JANE = "0193f0a2-7c1e-7b6a-9f3e-2f1f6f0e8a11"


def erased(at: datetime, *, profile_id: str | None = JANE) -> ProfileErasedV1:
    subjects = ("anonymous_id:tablet-7", "user_id:jane-1")
    return ProfileErasedV1(erasure_id=new_id(), profile_id=profile_id, subjects=subjects, erased_at=at)


def calls_of_jane() -> list[dict[str, Any]]:
    order = {"order_id": "o-4711", "revenue": 5, "currency": "GBP", "note": "Janette"}
    return [
        {"type": "page", "anonymousId": "tablet-7", "messageId": "jane-a"},
        {"type": "identify", "userId": "jane-1", "messageId": "jane-b", "traits": {"email": "jane@example.com"}},
        {"type": "track", "userId": "jane-1", "messageId": "jane-c", "event": "Order Completed", "properties": order},
    ]


@pytest.fixture
def partner() -> Iterator[Partner]:
    with Partner() as running:
        yield running


@pytest.fixture
def hub(settings: EventsSettings) -> Iterator[Events]:
    with events_service(settings.model_copy(update={"webhook_allow_networks": "127.0.0.0/8"})) as service:
        yield service


def tell(settings: EventsSettings, *facts: Contract) -> None:
    """Publish facts as profile does."""
    wiring = Wiring(settings)
    with wiring.database.transaction() as session:
        Outbox("rapport/profile").add(session, facts)
    wiring.database.dispose()


def progress(hub: Events) -> list[dict[str, Any]]:
    return list(hub.http.get("/v1/erasures", headers=hub.read).json()["data"])


def wait_until_erased(hub: Events, count: int = 1) -> list[dict[str, Any]]:
    def is_over(found: list[dict[str, Any]]) -> bool:
        return len(found) == count and all(each["finished_at"] for each in found)

    found: list[dict[str, Any]] = wait_until(lambda: progress(hub), is_over)
    assert is_over(found), found
    return found


def wait_until_archived(hub: Events, rows: int) -> None:
    def archived() -> int:
        return sum(day["rows"] for day in hub.http.get("/v1/archive", headers=hub.read).json()["data"])

    assert wait_until(archived, lambda found: found >= rows) == rows


def test_every_trace_goes_and_others_stay(hub: Events, settings: EventsSettings, partner: Partner) -> None:
    made = hub.http.post("/v1/webhook-endpoints", json={"url": partner.url("/ok")}, headers=hub.read)
    assert made.status_code == 201, made.text
    others = [{"type": "page", "userId": f"u{n}", "messageId": f"m{n}"} for n in range(5)]
    hub.send("/v1/batch", {"batch": [*calls_of_jane(), *others]})
    known = (Identifier(kind="user_id", value="jane-1"), Identifier(kind="anonymous_id", value="tablet-7"))
    tell(settings, ProfileChangedV1(profile_id=JANE, version=1, changed_at=datetime.now(UTC), identifiers=known))
    wait_until_archived(hub, 8)
    wait_until(lambda: partner.at("/ok"), lambda arrived: len(arrived) >= 9)
    wiring = Wiring(settings)
    assert places_of(["jane"], wiring.database, apart_from=APART)
    fact = erased(datetime.now(UTC))
    tell(settings, fact)
    (done,) = wait_until_erased(hub)
    assert (done["erasure_id"], done["touchpoints"], done["archived"]) == (fact.erasure_id, 3, 3)
    assert places_of(WORDS, wiring.database, apart_from=APART) == set()
    assert settings.archive_folder is not None
    rows = rows_of(settings.archive_folder)
    assert sorted(row["message_id"] for row in rows) == [f"m{n}" for n in range(5)]
    assert not [word for word in WORDS if word in repr(rows)]
    (day,) = hub.http.get("/v1/archive", headers=hub.read).json()["data"]
    assert (day["rows"], day["erased"], day["recorded"], day["is_complete"]) == (5, 3, 8, True)
    assert hub.http.get(f"/v1/profiles/{JANE}/timeline", headers=hub.read).status_code == 404
    summary = hub.summary()
    assert (summary["touchpoints"], summary["orders"]) == (8, {"completed": 1})
    last = wait_until(lambda: json.loads(partner.at("/ok")[-1].body), lambda body: body["type"] == "profile.erased")
    assert last["data"].keys() == {"erasure_id", "profile_id", "erased_at"}
    assert places_of([JANE], wiring.database, apart_from=APART) == {f"webhook_messages.body: {JANE}"}
    wiring.database.dispose()


def received(at: datetime, *calls: dict[str, Any]) -> IngestReceivedV1:
    return IngestReceivedV1(
        source_id=SOURCE, received_at=at, events=tuple(msgspec.Raw(json.dumps(call).encode()) for call in calls)
    )


def handled(wiring: Wiring, handle: Callable[..., None], *facts: Contract) -> None:
    with wiring.database.transaction() as session:
        handle(session, facts)


def test_late_calls_of_an_erased_customer_are_dropped_and_later_ones_are_kept(wiring: Wiring) -> None:
    moment = datetime.now(UTC) - timedelta(hours=1)
    early, later = received(moment, *calls_of_jane()), received(moment + timedelta(seconds=1), *calls_of_jane())
    handled(wiring, wiring.erasing.follow, erased(moment))
    handled(wiring, wiring.recording.record, early)
    assert places_of(WORDS, wiring.database, apart_from=("erasures",)) == set()
    handled(wiring, wiring.recording.record, later)
    handled(wiring, wiring.erasing.follow, erased(moment))
    assert "touchpoints.subject: jane" in places_of(WORDS, wiring.database)
    handled(wiring, wiring.erasing.follow, erased(moment + timedelta(seconds=1), profile_id=None))
    wiring.erasing.sweep.sweep()
    left = {place.partition(":")[0] for place in places_of(WORDS, wiring.database, apart_from=APART)}
    assert left <= {"erasures.who"}  # until the archive has followed, too


def test_in_any_order_only_what_was_received_later_is_left(wiring: Wiring) -> None:
    moment = datetime.now(UTC) - timedelta(hours=1)
    back = "0193f0a2-7c1e-7b6a-9f3e-2f1f6f0e8a12"
    known = (Identifier(kind="user_id", value="jane-1"),)
    told: list[tuple[Callable[..., None], Contract]] = [
        (wiring.recording.record, received(moment, {"type": "page", "userId": "jane-1", "messageId": "jane-early"})),
        (
            wiring.recording.record,
            received(moment + timedelta(hours=1), {"type": "page", "userId": "jane-1", "messageId": "m"}),
        ),
        (wiring.erasing.follow, ProfileChangedV1(profile_id=JANE, version=1, changed_at=moment, identifiers=known)),
        (wiring.erasing.follow, ProfilesMergedV1(profile_id=JANE, merged_profile_id=new_id(), merged_at=moment)),
        (wiring.erasing.follow, ProfileChangedV1(profile_id=back, version=1, changed_at=moment, identifiers=known)),
        (wiring.erasing.follow, erased(moment)),
    ]
    for order in list(permutations(told))[::29]:
        for handle, fact in order:
            handled(wiring, handle, fact)
        assert places_of(["jane-early", JANE], wiring.database, apart_from=("outbox", "erasures")) == set()
        apart = ("outbox", "erasures", "touchpoints_before")  # PostgreSQL shows a partition's rows under its name, too
        assert places_of(["jane-1"], wiring.database, apart_from=apart) == {
            "touchpoints.subject: jane-1",
            "touchpoints.document: jane-1",
            "profile_subjects.subject: jane-1",
        }
        with wiring.database.transaction() as session:
            for table in (*metadata.sorted_tables, erased_names):
                session.execute(delete(table))


def test_quarantine_and_dead_letters_are_emptied_of_the_customer_alone(wiring: Wiring) -> None:
    moment = datetime.now(UTC)
    others = {"type": "page", "userId": "mei", "messageId": "m"}
    letters = {
        "mixed": received(moment, *calls_of_jane(), others),
        "hers": received(moment, *calls_of_jane()),
        "later": received(moment + timedelta(hours=1), {"type": "page", "userId": "jane-1", "messageId": "new"}),
        "webhook": IngestWebhookReceivedV1(
            source_id=SOURCE, delivery_id="d", received_at=moment, body=b'{"customer": {"id": "jane-1"}}'
        ),
        "address": IngestWebhookReceivedV1(
            source_id=SOURCE, delivery_id="e", received_at=moment, body=b'{"to": [" Jane-1@example.com"]}'
        ),
    }
    with wiring.database.transaction() as session:
        for name, fact in letters.items():
            event = Event(id=name, source="s", type=fact.event_type, time=moment, data=msgspec.json.encode(fact))
            wiring.dead_letters.add(
                session, event, consumer=INGEST_CONSUMER, topic=INGEST.name, reason="test", attempts=1
            )
    behind = f"anonymous_id:{id_behind('email', 'jane-1@example.com')}"
    fact = erased(moment)
    handled(wiring, wiring.erasing.follow, msgspec.structs.replace(fact, subjects=(*fact.subjects, behind)))
    wiring.erasing.sweep.sweep()
    found = places_of(["jane-1", "jane-a", "mei", "new"], wiring.database, apart_from=("outbox", "erasures"))
    assert found == {"dead_letters.record: mei", "dead_letters.record: jane-1", "dead_letters.record: new"}
    with wiring.database.reading() as session:  # what is in a webhook's letter is packed
        assert set(session.scalars(select(dead_letters.c.event_id))) == {"mixed", "later"}


@pytest.mark.parametrize("name", ["tablet-7", "mei"])
def test_a_corrected_call_goes_with_whom_it_named_and_with_whom_it_names(wiring: Wiring, name: str) -> None:
    moment = datetime.now(UTC)
    mended = {"type": "track", "event": "E", "messageId": "jane-m"}
    call = {**mended, "anonymousId": "tablet-7"}
    entry = Entry(
        id=new_id(), message_hash=b"h", source_id=SOURCE, message_id="jane-m", subject="anonymous_id:tablet-7",
        kind="track", event="E", received_at=moment, held_at=moment, original=msgspec.json.encode(call),
        call=msgspec.json.encode(call), breaches=(),
    )  # fmt: skip
    with wiring.database.transaction() as session:
        mending = wiring.plans.mending(session)
        assert mending.quarantine.hold(entry)
        correct_call(entry.id, {**mended, "userId": "mei"}, mending)
    kind = "anonymous_id" if name == "tablet-7" else "user_id"
    fact = ProfileErasedV1(erasure_id=new_id(), profile_id=None, subjects=(f"{kind}:{name}",), erased_at=moment)
    handled(wiring, wiring.erasing.follow, fact)
    assert places_of(["tablet-7", "mei", "jane-m"], wiring.database, apart_from=("erasures",)) == set()


def test_a_body_is_about_a_customer_by_its_ids_and_not_by_chance() -> None:
    moment = datetime(2026, 1, 31, tzinfo=UTC)
    search = Search(ToErase(id="e", subjects=["user_id:1"], profile_ids=[JANE], until=moment))

    def body(kind: str, **data: Any) -> bytes:
        return json.dumps({"type": kind, "timestamp": "t", "data": data}, separators=(",", ":")).encode()

    assert search.holds(body("touchpoint.recorded", subject="user_id:1", received_at="2026-01-30T00:00:00Z"))
    assert search.holds(body("profile.changed", profile_id=JANE))
    assert search.holds(body("profile.merged", profile_id="x", merged_profile_id=JANE))
    assert not search.holds(body("touchpoint.recorded", subject="user_id:1", received_at="2026-02-01T00:00:00Z"))
    assert not search.holds(body("touchpoint.recorded", subject="user_id:11", properties={"x": "user_id:1"}))
    assert not search.holds(body("profile.erased", profile_id=JANE))


def test_a_call_with_a_number_out_of_range_is_about_whom_it_names_alone() -> None:
    moment = datetime(2026, 1, 31, tzinfo=UTC)
    search = Search(ToErase(id="e", subjects=["user_id:1"], profile_ids=[JANE], until=moment))
    hers, of_another = (
        msgspec.Raw(b'{"type":"page","userId":"%b","messageId":"m","properties":{"x":1e999,"friend":"1"}}' % name)
        for name in (b"1", b"2")
    )
    letter = IngestReceivedV1(source_id=SOURCE, received_at=moment, events=(hers, of_another))
    event = Event(id="e", source="s", type=letter.event_type, time=moment, data=msgspec.json.encode(letter))
    mended = search.mended(event)
    assert mended is not None
    kept = msgspec.json.decode(mended.data, type=IngestReceivedV1).events
    assert [bytes(text) for text in kept] == [bytes(of_another)]
