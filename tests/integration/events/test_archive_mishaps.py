"""An archive whose files are deleted or damaged, and whose worker ends in the middle of its work."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from services.events.adapters.parquet.rows import SCHEMA
from services.events.adapters.sql.archive.ledger import SqlArchiveLedger
from services.events.adapters.sql.archive.reading import read_days
from services.events.adapters.sql.erasure.reading import read_erasures
from services.events.bootstrap import Wiring
from services.events.settings import EventsSettings
from services.events.use_cases.archive.ports import ErasedSubjects, LedgerLost
from services.events.wiring.archive import ArchiveWiring
from shared.contracts.profile import ProfileErasedV1
from shared.contracts.topics import TOUCHPOINTS
from shared.ids import new_id
from tests.integration.events.archiving import LONG_AGO, files_in, names_in, never, record, told, write
from tests.integration.events.suite import running_worker, wait_until


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
    assert [file.rows for file in files_in(wiring)] == [2]


def test_files_may_be_deleted_at_will(archive: ArchiveWiring, wiring: Wiring, settings: EventsSettings) -> None:
    for n in range(3):
        write(archive, n, *told(f"m{n}"))
    for n in range(3, 5):
        write(archive, n, *told(f"m{n}", at=LONG_AGO - timedelta(days=1)))
    gone, *_ = of_the_day = [file for file in files_in(wiring) if file.day == "2026-03-01"]
    archive.folder.path(gone).unlink()
    shutil.rmtree(archive.folder.path(of_the_day[0]).parent.parent / "day=2026-02-28")
    everybody = ErasedSubjects("e", frozenset({f"user_id:m{n}" for n in range(5)}), LONG_AGO - timedelta(days=2))
    assert archive.keep.erase(everybody, never) == 0  # nobody was erased of what is not there
    assert archive.keep.merge_closed_day(never)
    assert not archive.keep.merge_closed_day(never)
    assert names_in(settings) == ["m1", "m2"]
    assert sorted(file.rows for file in files_in(wiring)) == [1, 1, 2]  # of the day that is gone, both as they were
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
    damaged = archive.folder.path(files_in(wiring)[0])
    damaged.write_bytes(damaged.read_bytes()[:-20])
    with pytest.raises(OSError, match=damaged.name):
        archive.keep.merge_closed_day(never)
    archive.keep.take_over()
    assert archive.keep.merge_closed_day(never)
    assert not archive.keep.merge_closed_day(never)
    assert sorted(file.rows for file in files_in(wiring)) == [1, 1, 1, 2]
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
    assert [file.rows for file in files_in(wiring)] == [2]


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
    list(archive.folder.erase(files_in(wiring)[0], rewritten))  # dies before it tells the ledger
    archive.lease.release()
    with running_worker(settings):
        wait_until(lambda: [file.rows for file in files_in(wiring)], lambda rows: rows == [3])
        with wiring.database.reading() as session:
            (heard,) = read_erasures(session, erasure_id=fact.erasure_id, before=None, limit=1)
            (day,) = read_days(session, before=None, limit=1)
    assert names_in(settings) == ["m1", "m2", "m3"]
    assert (heard.archived, day.erased, day.rows) == (3, 3, 3)
