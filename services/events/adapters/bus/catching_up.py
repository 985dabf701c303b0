"""Bringing a listener who comes back with an older position up to where the others are."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence

from sqlalchemy.exc import DBAPIError

from services.events.adapters.bus.public_topics import TOPIC_NAMES, oldest_positions, starting_at
from services.events.adapters.bus.stream_position import StreamPosition
from services.events.adapters.bus.told_facts import Listener, Living, Told, read_records, told_of
from shared.batched import batched
from shared.bus.ports import Bus, BusError, Consumer, Positions, Record
from shared.ids import new_id

_log = logging.getLogger(__name__)
_POLL_S = 0.5
_PATIENCE_S = 0.01
_FEW = 100
"""Facts that a listener with room takes, whatever their size."""


class Joining:
    """A listener that is still being told of the past; what happens meanwhile waits, within bounds."""

    _MOST = 10_000

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._lock = threading.Lock()
        self._waiting: list[Told] | None = []

    def offer(self, told: Sequence[Told]) -> bool:
        with self._lock:
            if self._waiting is None:
                return self._listener.offer(told)
            # What nobody wants must not end a catching up that takes long: it would begin anew at the same place.
            self._waiting.extend(each for each in told if self._listener.wants(each))
            if len(self._waiting) <= self._MOST:
                return True
        self._listener.drop()
        return False

    def wants(self, told: Told) -> bool:
        return self._listener.wants(told)

    def has_room(self) -> bool:
        return self._listener.has_room()

    def drop(self) -> None:
        self._listener.drop()

    def past(self, told: Sequence[Told], stopped: threading.Event) -> None:
        """Tell of the past, as fast as the listener takes it."""
        while not self._listener.has_room() and not stopped.is_set():
            stopped.wait(_PATIENCE_S)
        self._listener.offer(told)

    def join(self, stopped: threading.Event) -> None:
        """The past is told; on with what came meanwhile, and then with the present."""
        while not stopped.is_set():
            with self._lock:
                waiting, self._waiting = self._waiting or [], []
                if len(waiting) <= _FEW:
                    self._listener.offer(waiting)
                    self._waiting = None
                    return
            for some in batched(waiting, _FEW):
                self.past(some, stopped)


class CatchingUp:
    """Tells what lies behind `after` and before `until`, with a reader of its own."""

    def __init__(
        self, bus: Bus, living: Living, after: StreamPosition, *, until: Positions, stopped: threading.Event
    ) -> None:
        self._bus = bus
        self._living = living
        self._after = after
        self._until = until
        self._stopped = stopped
        self._at = {place: min(after.positions.get(place, end), end) for place, end in until.items()}

    def tell(self, joining: Joining) -> None:
        """Tell of the past and then let `joining` join the present; drop it when the bus or the database fails."""
        try:
            consumer = self._bus.consumer(f"events.stream.{new_id()}", TOPIC_NAMES, start_at=starting_at(self._at))
            try:
                for records in self._records(consumer):
                    for read in read_records(records, self._living):
                        joining.past(list(told_of(read, self._at, skip=self._after)), self._stopped)
            finally:
                consumer.close()
        except (BusError, DBAPIError) as error:
            _log.warning("a stream could not catch up", extra={"reason": str(error)})
            joining.drop()
        else:
            joining.join(self._stopped)

    def _records(self, consumer: Consumer) -> Iterator[list[Record]]:
        """Records before `until`, some at a time, while whoever takes them moves on."""
        while not self._stopped.is_set() and any(self._at[place] < end for place, end in self._until.items()):
            records = consumer.poll(timeout_s=_POLL_S)
            if not records and consumer.assignment():
                # What lay before the beginning of the log is forgotten; a bus that is away is waited for.
                oldest = oldest_positions(self._bus)
                self._at.update({place: max(begun, oldest.get(place, 0)) for place, begun in self._at.items()})
            yield [each for each in records if each.offset < self._until.get((each.topic, each.partition), 0)]
