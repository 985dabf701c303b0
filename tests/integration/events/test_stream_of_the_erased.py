"""The stream and erased customers, on both databases: the log keeps facts for days, and nobody hears them again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError

from services.events.adapters.bus.fact_stream import FactStream
from services.events.adapters.bus.stream_position import StreamPosition
from services.events.adapters.bus.told_facts import Told
from services.events.bootstrap import Wiring
from services.events.settings import EventsSettings
from shared.contracts.contract import Contract
from shared.contracts.profile import ProfileChangedV1, ProfileErasedV1
from shared.contracts.topics import ALL, BY_NAME, PUBLIC
from shared.ids import new_id
from shared.outbox.outbox import records_of
from tests.integration.events.store import touchpoint

JANE = "0193f0a2-7c1e-7b6a-9f3e-2f1f6f0e8a11"
BEGINNING = StreamPosition({(topic.name, number): 0 for topic in PUBLIC for number in range(topic.partitions)})


class Heard:
    """A listener that keeps everything."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self._news = threading.Condition()

    def offer(self, told: Sequence[Told]) -> bool:
        with self._news:
            self.told += told
            self._news.notify_all()
        return True

    def has_room(self) -> bool:
        return True

    def drop(self) -> None:
        raise AssertionError("nobody was slow")

    def until(self, many: int) -> list[tuple[str, str]]:
        """Name and subject of what was told, once it is so many facts."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.told) >= many, 20), self.told
            return sorted((each.name, each.subject) for each in self.told)


@pytest.fixture
def wiring(settings: EventsSettings) -> Iterator[Wiring]:
    made = Wiring(settings)
    made.bus.create_topics(ALL)
    yield made
    made.close()
    made.database.dispose()


def publish(wiring: Wiring, *facts: Contract) -> None:
    records = [record for fact in facts for record in records_of(BY_NAME[fact.topic], [wiring.outbox.event(fact)])]
    wiring.publisher.publish(records)


def test_who_comes_back_after_an_erasure_hears_nothing_from_before_it(wiring: Wiring) -> None:
    moment = datetime.now(UTC) - timedelta(hours=1)
    erased = ProfileErasedV1(erasure_id=new_id(), profile_id=JANE, subjects=("user_id:jane",), erased_at=moment)
    publish(
        wiring,
        touchpoint(moment - timedelta(minutes=1), subject="user_id:jane", name="Before"),
        ProfileChangedV1(profile_id=JANE, version=1, changed_at=moment),
        erased,
        touchpoint(moment + timedelta(minutes=1), subject="user_id:jane", name="Somebody new"),
    )
    with wiring.database.transaction() as session:
        wiring.erasing.follow(session, [erased])
    stream, back = FactStream(lambda: wiring.bus, wiring.erasing.living_now), Heard()
    end = stream.subscribe(back, BEGINNING)
    assert back.until(2) == [("profile.erased", JANE), ("touchpoint.recorded", "user_id:jane")]
    (hers,) = [json.loads(each.body) for each in back.told if each.subject == "user_id:jane"]
    assert hers["data"]["name"] == "Somebody new"
    end()
    stream.close()


def test_a_database_that_is_away_is_waited_for_and_nothing_is_left_out(wiring: Wiring) -> None:
    away = iter([True, True])

    def living(facts: Sequence[Contract]) -> Sequence[Contract]:
        if facts and next(away, False):
            raise OperationalError("SELECT", {}, Exception("away"))
        return facts

    stream, heard = FactStream(lambda: wiring.bus, living), Heard()
    end = stream.subscribe(heard, None)
    publish(wiring, *(touchpoint(datetime.now(UTC), subject=f"user_id:{number}") for number in range(3)))
    assert heard.until(3) == [("touchpoint.recorded", f"user_id:{number}") for number in range(3)]
    end()
    stream.close()
