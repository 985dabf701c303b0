"""Closed days of the archive become one file each, whoever reads or dies meanwhile."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta

from services.events.adapters.parquet.folder import ArchiveFolder
from services.events.bootstrap import Wiring
from services.events.settings import EventsSettings
from services.events.wiring.archive import ArchiveWiring
from tests.integration.events.archiving import LONG_AGO, files_in, names_in, never, told, write


def test_days_are_those_of_arrival_and_closed_ones_become_one_file(
    archive: ArchiveWiring, wiring: Wiring, settings: EventsSettings
) -> None:
    for n in range(5):
        write(archive, n, *told(f"old-{n}"))
    write(archive, 5, *told("next", at=LONG_AGO + timedelta(minutes=2)))
    write(archive, 6, *told("now-1", at=datetime.now(UTC)))
    write(archive, 7, *told("now-2", at=datetime.now(UTC)))
    root = archive.folder.path(files_in(wiring)[0]).parents[1]
    assert len(list((root / "day=2026-03-01").iterdir())) == 5
    before = names_in(settings)
    assert archive.keep.merge_closed_day(never)
    assert not archive.keep.merge_closed_day(never)
    assert names_in(settings) == before
    assert len(list((root / "day=2026-03-01").iterdir())) == 1
    assert sorted(file.rows for file in files_in(wiring)) == [1, 1, 1, 5]
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
    day = archive.folder.path(files_in(wiring)[0]).parent
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
