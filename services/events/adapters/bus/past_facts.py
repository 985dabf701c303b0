"""The past as a replay reads it: the public topics, from the moment it begins at to where the log ended then."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.events.adapters.bus.public_topics import TOPIC_NAMES, oldest_positions
from services.events.domain.webhooks.replays import Stretch, Stretches
from services.events.use_cases.webhooks.replay_ports import Chunk
from shared.bus.ports import Bus, Partition
from shared.ids import new_id
from shared.inbox.deliveries import deliveries_of

_CLOCKS_DIFFER = timedelta(minutes=1)
_RECORDS = 20
_POLL_S = 0.5


def stretches_since(bus: Bus, since: datetime) -> Stretches:
    """What a replay from `since` on has to read now. Raises BusError."""
    ends = bus.end_positions(TOPIC_NAMES)
    starts = bus.positions_since(TOPIC_NAMES, since - _CLOCKS_DIFFER)
    starts = {place: min(starts.get(place, 0), end) for place, end in ends.items()}
    return {_name(place): Stretch(starts[place], starts[place], end) for place, end in ends.items()}


class BusPastFacts:
    """See `PastFacts`. One chunk is some records, and so bounded in memory."""

    def __init__(self, bus: Bus, stretches: Stretches) -> None:
        self._stretches = dict(stretches)
        self._bus = bus
        self._consumer = bus.consumer(
            f"events.replay.{new_id()}",
            TOPIC_NAMES,
            start_at=lambda places: {place: self._stretches[_name(place)].at for place in places},
        )

    def read(self) -> Chunk | None:
        """See the port."""
        records = [] if self._is_over() else self._consumer.poll(max_records=_RECORDS, timeout_s=_POLL_S)
        mine = [each for each in records if each.offset < self._stretches[_name((each.topic, each.partition))].end]
        for record in records:
            self._move((record.topic, record.partition), record.offset + 1)
        if not records and not self._is_over():
            self._skip_forgotten()
        if not records and not self._is_over():
            return None
        # What is no fact is a dead letter of the consumers that depend on it.
        return Chunk([delivery.fact for delivery in deliveries_of(mine)[0]], dict(self._stretches))

    def close(self) -> None:
        """See the port."""
        self._consumer.close()

    def _is_over(self) -> bool:
        return all(each.at >= each.end for each in self._stretches.values())

    def _skip_forgotten(self) -> None:
        """Go on where the log begins: what lay before is past its retention. Raises BusUnavailable."""
        for place, oldest in oldest_positions(self._bus).items():
            self._move(place, oldest)

    def _move(self, place: Partition, to: int) -> None:
        each = self._stretches[_name(place)]
        self._stretches[_name(place)] = Stretch(each.start, min(max(each.at, to), each.end), each.end)


def _name(place: Partition) -> str:
    return f"{place[0]}/{place[1]}"
