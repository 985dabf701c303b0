"""The archive on both databases: what readers find in it, whatever happens on the way."""

from __future__ import annotations

import io
import json
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest

from services.events.adapters.parquet.folder import ArchiveFolder
from services.events.adapters.parquet.rows import SCHEMA
from services.events.adapters.sql.archive.ledger import SqlArchiveLedger
from services.events.adapters.sql.archive.reading import read_days
from services.events.adapters.sql.erasure.reading import read_erasures
from services.events.bootstrap import MIGRATIONS, Wiring
from services.events.settings import EventsSettings
from services.events.use_cases.archive.ports import ArchiveFile, ErasedSubjects, LedgerLost
from services.events.wiring.archive import ArchiveWiring
from shared.bus.cloudevents import Event, to_record
from shared.bus.ports import Record
from shared.contracts.events import TouchpointRecordedV1
from shared.contracts.profile import ProfileErasedV1
from shared.contracts.topics import TOUCHPOINTS
from shared.ids import new_id
from shared.inbox.positions import Overtaken
from shared.sql.migrations import upgrade
from tests.integration.events.suite import Events, events_service, running_worker, settings_in, wait_until
from tests.support.archive import rows_of, table_of

LONG_AGO = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)


def never() -> bool:
    """Nobody stops the work."""
    return False


def days_of(events: Events) -> list[dict[str, Any]]:
    answer = events.http.get("/v1/archive", headers=events.read)
    assert answer.status_code == 200, answer.text
    assert answer.json()["enabled"]
    return list(answer.json()["data"])


def wait_until_complete(events: Events, recorded: int) -> list[dict[str, Any]]:
    """The archive's days, once all of them are complete."""

    def is_complete(days: list[dict[str, Any]]) -> bool:
        return sum(day["recorded"] for day in days) >= recorded and all(day["is_complete"] for day in days)

    return list(wait_until(lambda: days_of(events), is_complete))


def test_every_touchpoint_is_one_row_of_typed_columns(events: Events, settings: EventsSettings) -> None:
    properties = {
        "order_id": "o1",
        "revenue": "25.50",
        "currency": "GBP",
        "products": [{"product_id": "p", "name": "Teapot", "price": 12.75, "quantity": 2}],
    }
    events.send("/v1/identify", {"userId": "jane", "messageId": "i", "traits": {"city": "臺北"}})
    events.send(
        "/v1/track",
        {
            "userId": "jane",
            "messageId": "t",
            "event": "Order Completed",
            "timestamp": "2026-01-31T10:00:00.123Z",
            "properties": properties,
            "context": {"channel": "Store"},
        },
    )
    (day,) = wait_until_complete(events, 2)
    assert (day["rows"], day["erased"], day["recorded"]) == (2, 0, 2)
    assert settings.archive_folder is not None
    rows = {row["message_id"]: row for row in rows_of(settings.archive_folder)}
    assert rows.keys() == {"i", "t"}
    order = rows["t"]
    assert (order["subject"], order["kind"], order["name"], order["channel"]) == (
        "user_id:jane",
        "track",
        "Order Completed",
        "store",
    )
    assert order["occurred_at"] == datetime(2026, 1, 31, 10, 0, 0, 123000, tzinfo=UTC)
    assert (order["order_id"], order["order_status"], order["order_currency"], order["order_amount_minor"]) == (
        "o1",
        "completed",
        "GBP",
        2550,
    )
    (product,) = order["products"]
    assert (product["name"], product["quantity"], product["unit_price"]) == ("Teapot", Decimal(2), Decimal("12.75"))
    assert json.loads(order["properties"]) == properties
    assert json.loads(rows["i"]["traits"]) == {"city": "臺北"}
    assert rows["i"]["products"] is None
    assert str(order["day"]) == day["day"]


def test_files_are_listed_and_fetched_by_id_and_nothing_else_is(events: Events) -> None:
    events.send("/v1/page", {"userId": "jane", "messageId": "p"})
    wait_until_complete(events, 1)
    (file,) = events.http.get("/v1/archive/files", headers=events.read).json()["data"]
    fetched = events.http.get(f"/v1/archive/files/{file['id']}", headers=events.read)
    assert fetched.headers["content-type"] == "application/vnd.apache.parquet"
    assert len(fetched.content) == file["bytes"]
    assert pq.read_table(io.BytesIO(fetched.content))["message_id"].to_pylist() == ["p"]
    assert events.http.get("/v1/archive/files", params={"day": "1999-01-01"}, headers=events.read).json()["data"] == []
    for day in ("2026-02-30", "2026-13-01", "yesterday"):
        refused = events.http.get("/v1/archive/files", params={"day": day}, headers=events.read)
        assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "query.day")
    missing = events.http.get(f"/v1/archive/files/{new_id()}", headers=events.read)
    assert (missing.status_code, missing.json()["code"]) == (404, "archive_file_not_found")
    for path in ("..%2F..%2Fevents.db", "%2Fetc%2Fpasswd", "part-x.parquet"):
        assert events.http.get(f"/v1/archive/files/{path}", headers=events.read).status_code in (404, 422)
    made = events.http.post("/v1/api-keys", json={"name": "x", "scopes": ["touchpoints:read"]}, headers=events.read)
    for path in ("", "/files", f"/files/{file['id']}"):
        refused = events.http.get(f"/v1/archive{path}", headers={"Authorization": f"Bearer {made.json()['key']}"})
        assert refused.status_code == 403


def test_of_several_workers_each_row_is_written_once(settings: EventsSettings) -> None:
    with ExitStack() as stack:
        events = stack.enter_context(events_service(settings, worker=False))
        for _ in range(2):
            stack.enter_context(running_worker(settings))
        for n in range(20):
            events.send(
                "/v1/batch",
                {"batch": [{"type": "page", "userId": f"u{n}", "messageId": f"{n}-{m}"} for m in range(25)]},
            )
        wait_until_complete(events, 500)
    assert settings.archive_folder is not None
    found = table_of(settings.archive_folder)["message_id"].to_pylist()
    assert len(found) == len(set(found)) == 500


def test_an_installation_without_an_archive_says_so(tmp_path: Path) -> None:
    with events_service(settings_in(tmp_path, archive_dir=""), worker=False) as gate:
        assert gate.http.get("/v1/archive", headers=gate.read).json() == {
            "data": [],
            "next_cursor": None,
            "enabled": False,
        }
    assert settings_in(tmp_path, bus_url="kafka://localhost:1").archive_folder is None
    assert settings_in(tmp_path, bus_url="kafka://localhost:1", archive_dir="/a").archive_folder == Path("/a")


@pytest.fixture
def wiring(settings: EventsSettings) -> Iterator[Wiring]:
    made = Wiring(settings)
    upgrade(made.database, MIGRATIONS)
    yield made
    made.database.dispose()


@pytest.fixture
def archive(wiring: Wiring) -> ArchiveWiring:
    """The archive of a worker that leads."""
    assert wiring.archive is not None
    assert wiring.archive.lease.hold()
    wiring.archive.keep.take_over()
    return wiring.archive


def told(*names: str, at: datetime = LONG_AGO) -> list[Event]:
    facts = [
        TouchpointRecordedV1(
            touchpoint_id=new_id(), message_id=name, source_id="s", kind="page", subject=f"user_id:{name}",
            occurred_at=at - timedelta(days=300), received_at=at,
        )
        for name in names
    ]  # fmt: skip
    return [
        Event(id=new_id(), source="s", type=fact.event_type, time=at, data=msgspec.json.encode(fact)) for fact in facts
    ]


def record(offset: int, *events: Event, record_id: str | None = None) -> Record:
    new = to_record(events, topic=TOUCHPOINTS, key="k", record_id=record_id or new_id())
    return Record(TOUCHPOINTS.name, 0, offset, new.value, "k", new.headers, LONG_AGO)


def write(archive: ArchiveWiring, offset: int, *events: Event, record_id: str | None = None) -> int:
    place = (TOUCHPOINTS.name, 0)
    believed = {place: offset} if offset else {}
    rows = archive.writer.write([record(offset, *events, record_id=record_id)], believed, {place: offset + 1})
    archive.keep.publish()
    return rows


def names_in(settings: EventsSettings) -> list[str]:
    assert settings.archive_folder is not None
    return sorted(row["message_id"] for row in rows_of(settings.archive_folder))


def test_a_record_that_was_published_twice_is_archived_once(archive: ArchiveWiring, settings: EventsSettings) -> None:
    again = told("a", "b")
    assert write(archive, 0, *again, record_id="same") == 2
    assert write(archive, 1, *again, record_id="same") == 0
    assert names_in(settings) == ["a", "b"]
    with pytest.raises(Overtaken):
        write(archive, 1, *told("c"))  # another has moved this position
    assert names_in(settings) == ["a", "b"]


def test_days_are_those_of_arrival_and_closed_ones_become_one_file(
    archive: ArchiveWiring, wiring: Wiring, settings: EventsSettings
) -> None:
    for n in range(5):
        write(archive, n, *told(f"old-{n}"))
    write(archive, 5, *told("next", at=LONG_AGO + timedelta(minutes=2)))
    write(archive, 6, *told("now-1", at=datetime.now(UTC)))
    write(archive, 7, *told("now-2", at=datetime.now(UTC)))
    root = archive.folder.path(_files(wiring)[0]).parents[1]
    assert len(list((root / "day=2026-03-01").iterdir())) == 5
    before = names_in(settings)
    assert archive.keep.merge_closed_day(never)
    assert not archive.keep.merge_closed_day(never)
    assert names_in(settings) == before
    assert len(list((root / "day=2026-03-01").iterdir())) == 1
    assert sorted(file.rows for file in _files(wiring)) == [1, 1, 1, 5]
    write(archive, 8, *told("late"))
    assert archive.keep.merge_closed_day(never)
    assert names_in(settings) == sorted([*before, "late"])


def test_readers_never_find_a_row_twice_or_not_while_a_day_is_merged(
    archive: ArchiveWiring, settings: EventsSettings
) -> None:
    assert settings.archive_folder is not None
    for n in range(4):
        write(archive, n, *told(f"m{n}"))
    seen: list[list[str]] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.append(names_in(settings))

    reader = threading.Thread(target=look)
    reader.start()
    for n in range(4, 16):
        write(archive, n, *told(f"m{n}"))
        archive.keep.merge_closed_day(never)
    done.set()
    reader.join()
    assert all(len(names) == len(set(names)) for names in seen)
    assert all(set(early) <= set(late) for early, late in zip(seen, seen[1:], strict=False))
    assert names_in(settings) == sorted(f"m{n}" for n in range(16))


def test_who_was_listing_a_day_when_it_was_merged_lists_all_of_it(
    archive: ArchiveWiring, wiring: Wiring, settings: EventsSettings
) -> None:
    for n in range(3):
        write(archive, n, *told(f"m{n}"))
    day = archive.folder.path(_files(wiring)[0]).parent
    before = {path.name for path in day.iterdir()}
    with os.scandir(day) as listing:
        archive.keep.merge_closed_day(never)
        assert {entry.name for entry in listing} == before
    assert len(list(day.iterdir())) == 1


def test_what_was_replaced_is_deleted_after_a_while(
    archive: ArchiveWiring, wiring: Wiring, settings: EventsSettings
) -> None:
    for n in range(3):
        write(archive, n, *told(f"m{n}"))
    archive.keep.merge_closed_day(never)
    assert settings.archive_folder is not None
    unfinished = settings.archive_folder / "unfinished"
    archive.keep.take_over()  # by a worker that was killed and started again meanwhile
    archive.folder.sweep()
    assert len(list(unfinished.iterdir())) == 1
    ArchiveFolder(settings.archive_folder, linger_s=0).sweep()
    assert list(unfinished.iterdir()) == []
    assert names_in(settings) == ["m0", "m1", "m2"]


def test_what_another_began_is_finished_or_cleared(
    archive: ArchiveWiring, wiring: Wiring, settings: EventsSettings
) -> None:
    place = (TOUCHPOINTS.name, 0)
    archive.writer.write([record(0, *told("a"))], {}, {place: 1})  # dies before it publishes
    archive.folder.write("orphan", SCHEMA.empty_table())  # dies before it commits
    assert names_in(settings) == []
    archive.keep.take_over()
    assert names_in(settings) == ["a"]
    assert settings.archive_folder is not None
    assert list((settings.archive_folder / "unfinished").iterdir()) == []
    write(archive, 1, *told("b"))
    assert archive.keep.merge_closed_day(never)
    with wiring.database.transaction() as session:  # dies between the exchange and the ledger
        ledger = SqlArchiveLedger(session)
        ledger.set_state(ledger.in_state("published"), "merged")
    archive.keep.take_over()
    assert names_in(settings) == ["a", "b"]
    assert [file.rows for file in _files(wiring)] == [2]


def test_files_may_be_deleted_at_will(archive: ArchiveWiring, wiring: Wiring, settings: EventsSettings) -> None:
    for n in range(3):
        write(archive, n, *told(f"m{n}"))
    for n in range(3, 5):
        write(archive, n, *told(f"m{n}", at=LONG_AGO - timedelta(days=1)))
    gone, *_ = of_the_day = [file for file in _files(wiring) if file.day == "2026-03-01"]
    archive.folder.path(gone).unlink()
    shutil.rmtree(archive.folder.path(of_the_day[0]).parent.parent / "day=2026-02-28")
    everybody = ErasedSubjects("e", frozenset({f"user_id:m{n}" for n in range(5)}), LONG_AGO - timedelta(days=2))
    assert archive.keep.erase(everybody, never) == 0  # nobody was erased of what is not there
    assert archive.keep.merge_closed_day(never)
    assert not archive.keep.merge_closed_day(never)
    assert names_in(settings) == ["m1", "m2"]
    assert sorted(file.rows for file in _files(wiring)) == [1, 1, 2]  # of the day that is gone, both as they were
    write(archive, 5, *told("late", at=LONG_AGO - timedelta(days=1)))
    assert archive.keep.merge_closed_day(never)
    assert names_in(settings) == ["late", "m1", "m2"]


def test_a_damaged_file_is_named_and_keeps_no_other_day_waiting(
    archive: ArchiveWiring, wiring: Wiring, settings: EventsSettings
) -> None:
    for n in range(3):
        write(archive, n, *told(f"m{n}"))
    for n in range(3, 5):
        write(archive, n, *told(f"m{n}", at=LONG_AGO + timedelta(days=1)))
    damaged = archive.folder.path(_files(wiring)[0])
    damaged.write_bytes(damaged.read_bytes()[:-20])
    with pytest.raises(OSError, match=damaged.name):
        archive.keep.merge_closed_day(never)
    archive.keep.take_over()
    assert archive.keep.merge_closed_day(never)
    assert not archive.keep.merge_closed_day(never)
    assert sorted(file.rows for file in _files(wiring)) == [1, 1, 1, 2]
    with pytest.raises(OSError, match=damaged.name):  # of whom it tells nobody knows
        archive.keep.erase(ErasedSubjects("e", frozenset({"user_id:m4"}), datetime.now(UTC)), never)
    damaged.unlink()
    assert archive.keep.merge_closed_day(never)
    assert archive.keep.erase(ErasedSubjects("e", frozenset({"user_id:m4"}), datetime.now(UTC)), never) == 1
    assert names_in(settings) == ["m1", "m2", "m3"]


def test_a_worker_that_ends_leaves_long_work_to_another(
    archive: ArchiveWiring, wiring: Wiring, settings: EventsSettings
) -> None:
    for n in range(3):
        write(archive, n, *told(f"m{n}"))
    with pytest.raises(LedgerLost):
        archive.keep.merge_closed_day(lambda: True)
    with pytest.raises(LedgerLost):
        archive.keep.erase(ErasedSubjects("e", frozenset({"user_id:m0"}), LONG_AGO), lambda: True)
    assert names_in(settings) == ["m0", "m1", "m2"]
    archive.keep.take_over()
    assert archive.keep.merge_closed_day(never)
    assert archive.keep.erase(ErasedSubjects("e", frozenset({"user_id:m0"}), LONG_AGO), never) == 1
    assert names_in(settings) == ["m1", "m2"]
    assert [file.rows for file in _files(wiring)] == [2]


def test_an_erasure_that_another_finishes_counts_every_row(
    archive: ArchiveWiring, wiring: Wiring, settings: EventsSettings
) -> None:
    for n in range(3):
        write(archive, n, *told("m0", f"m{n + 1}"))
    fact = ProfileErasedV1(erasure_id=new_id(), profile_id="p", subjects=("user_id:m0",), erased_at=datetime.now(UTC))
    with wiring.database.transaction() as session:
        wiring.erasing.follow(session, [fact])
    asked = iter((False, False, False))
    with pytest.raises(LedgerLost):
        archive.erasures.rewrite(archive.keep, lambda: next(asked, True))
    assert names_in(settings).count("m0") == 2, "one file was done"
    archive.keep.take_over()
    archive.erasures.rewrite(archive.keep, never)
    assert names_in(settings) == ["m1", "m2", "m3"]
    with wiring.database.reading() as session:
        (heard,) = read_erasures(session, erasure_id=fact.erasure_id, before=None, limit=1)
    assert heard.archived == 3


def test_an_erasure_is_counted_before_a_day_is_merged_whose_file_was_rewritten_by_a_killed_worker(
    archive: ArchiveWiring, wiring: Wiring, settings: EventsSettings
) -> None:
    for n in range(3):
        write(archive, n, *told("m0", f"m{n + 1}"))
    fact = ProfileErasedV1(erasure_id=new_id(), profile_id="p", subjects=("user_id:m0",), erased_at=datetime.now(UTC))
    with wiring.database.transaction() as session:
        wiring.erasing.follow(session, [fact])
    rewritten = ErasedSubjects("killed", frozenset(fact.subjects), fact.erased_at)
    list(archive.folder.erase(_files(wiring)[0], rewritten))  # dies before it tells the ledger
    archive.lease.release()
    with running_worker(settings):
        wait_until(lambda: [file.rows for file in _files(wiring)], lambda rows: rows == [3])
        with wiring.database.reading() as session:
            (heard,) = read_erasures(session, erasure_id=fact.erasure_id, before=None, limit=1)
            (day,) = read_days(session, before=None, limit=1)
    assert names_in(settings) == ["m1", "m2", "m3"]
    assert (heard.archived, day.erased, day.rows) == (3, 3, 3)


def test_only_the_one_that_leads_writes(archive: ArchiveWiring, wiring: Wiring, settings: EventsSettings) -> None:
    archive.lease.release()
    other = Wiring(settings)
    assert other.archive is not None
    assert other.archive.lease.hold()
    with pytest.raises(Exception, match="another worker"):
        write(archive, 0, *told("a"))
    other.database.dispose()
    assert names_in(settings) == []


def test_what_is_no_touchpoint_becomes_a_dead_letter_and_can_be_seen_again(
    archive: ArchiveWiring, wiring: Wiring, settings: EventsSettings
) -> None:
    (good,) = told("good")
    bad = Event(id="bad", source="s", type=good.type, time=LONG_AGO, data=b'{"touchpoint_id": 1}')
    assert write(archive, 0, good, bad) == 1
    with events_service(settings, worker=False) as gate:
        (letter,) = gate.http.get("/v1/dead-letters", headers=gate.read).json()["data"]
        assert letter["consumer"] == "events.archive"
        assert gate.http.post("/v1/dead-letters/replay", headers=gate.read).json() == {"requested": 1}
        assert archive.writer.write([], {}, {}) == 0
        (letter,) = gate.http.get("/v1/dead-letters", headers=gate.read).json()["data"]
        assert letter["attempts"] == 2
    assert names_in(settings) == ["good"]


def _files(wiring: Wiring) -> Sequence[ArchiveFile]:
    with wiring.database.reading() as session:
        return SqlArchiveLedger(session).in_state("published")
