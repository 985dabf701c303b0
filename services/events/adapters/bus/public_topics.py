"""The topics, as the stream and replays read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from shared.bus.ports import Bus, Partition, Positions
from shared.contracts.topics import PUBLIC

TOPIC_NAMES = [topic.name for topic in PUBLIC]
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def oldest_positions(bus: Bus, topics: Sequence[str] = TOPIC_NAMES) -> Positions:
    """Where the log begins: what lay before is past its retention. Raises BusUnavailable."""
    return bus.positions_since(topics, _LONG_AGO)


def starting_at(positions: Mapping[Partition, int]) -> Callable[[Iterable[Partition]], Positions]:
    """What tells a consumer to start at these positions."""
    return lambda places: {place: positions[place] for place in places if place in positions}
