"""Every touchpoint is written to the archive once, by the one that leads."""

from __future__ import annotations

import pytest

from services.events.bootstrap import Wiring
from services.events.settings import EventsSettings
from services.events.wiring.archive import ArchiveWiring
from shared.bus.cloudevents import Event
from shared.inbox.positions import Overtaken
from tests.integration.events.archiving import LONG_AGO, names_in, told, write
from tests.integration.events.suite import events_service


def test_a_record_that_was_published_twice_is_archived_once(archive: ArchiveWiring, settings: EventsSettings) -> None:
    again = told("a", "b")
    assert write(archive, 0, *again, record_id="same") == 2
    assert write(archive, 1, *again, record_id="same") == 0
    assert names_in(settings) == ["a", "b"]
    with pytest.raises(Overtaken):
        write(archive, 1, *told("c"))  # another has moved this position
    assert names_in(settings) == ["a", "b"]


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
