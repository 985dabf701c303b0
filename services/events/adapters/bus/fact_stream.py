"""The facts of the bus as one stream for many listeners in this process, from any position on.

One reader follows the log for all of them, and only while anybody listens. Who comes back with an older position is
first brought up to where that reader is by a reader of its own.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.exc import DBAPIError

from services.events.adapters.bus.catching_up import CatchingUp, Joining
from services.events.adapters.bus.public_topics import TOPIC_NAMES, starting_at
from services.events.adapters.bus.stream_position import StreamPosition
from services.events.adapters.bus.told_facts import Listener, Living, read_records, told_of
from shared.bus.ports import Bus, BusError, Partition, Record
from shared.ids import new_id

_log = logging.getLogger(__name__)
_POLL_S = 0.5
_RETRY_S = 1.0


class FactStream:
    """Follows the public topics for any number of listeners."""

    def __init__(self, bus: Callable[[], Bus], living: Living) -> None:
        self._bus = bus
        self._living = living
        self._lock = threading.Lock()
        self._listeners: dict[str, Listener] = {}
        self._at: dict[Partition, int] = {}
        self._reader: _Reader | None = None

    def subscribe(self, listener: Listener, after: StreamPosition | None) -> Callable[[], None]:
        """Tell `listener` everything from now on, or from behind `after`; the answer ends it. Raises BusError."""
        stopped = threading.Event()
        with self._lock:
            if self._reader is None:
                self._at = dict(self._bus().end_positions(TOPIC_NAMES))
                self._reader = _Reader(self._bus(), self._at, self._tell)
            joined = dict(self._at)
            catching_up = after is not None and after.is_before(joined)
            entry = Joining(listener) if catching_up else listener
            identity = new_id()
            self._listeners[identity] = entry
        if after is not None and isinstance(entry, Joining):
            past = CatchingUp(self._bus(), self._living, after, until=joined, stopped=stopped)
            threading.Thread(target=past.tell, args=(entry,), name="stream-catch-up", daemon=True).start()

        def end() -> None:
            stopped.set()
            self._remove(identity)

        return end

    def close(self) -> None:
        """Tell nobody anything more."""
        with self._lock:
            listeners = list(self._listeners.values())
            self._listeners.clear()
            reader, self._reader = self._reader, None
        for listener in listeners:
            listener.drop()
        if reader:
            reader.stop()

    def _remove(self, identity: str) -> None:
        with self._lock:
            self._listeners.pop(identity, None)
            reader = None if self._listeners else self._reader
            if reader:
                self._reader = None
        if reader:
            reader.stop()

    def _tell(self, records: Sequence[Record]) -> None:
        read = read_records(records, self._living)
        with self._lock:
            told = [each for one in read for each in told_of(one, self._at)]
            for identity, listener in list(self._listeners.items()):
                if told and not listener.offer(told):
                    del self._listeners[identity]


class _Reader:
    """The thread that follows the log."""

    def __init__(self, bus: Bus, at: Mapping[Partition, int], tell: Callable[[Sequence[Record]], None]) -> None:
        self._bus = bus
        self._at = at
        self._tell = tell
        self._stop = threading.Event()
        threading.Thread(target=self._run, name="stream", daemon=True).start()

    def stop(self) -> None:
        """End soon."""
        self._stop.set()

    def _run(self) -> None:
        group = f"events.stream.{new_id()}"
        while not self._stop.is_set():
            try:
                consumer = self._bus.consumer(group, TOPIC_NAMES, start_at=starting_at(self._at))
                try:
                    while not self._stop.is_set():
                        if (records := consumer.poll(timeout_s=_POLL_S)) and not self._stop.is_set():
                            self._tell(records)
                finally:
                    consumer.close()
            except (BusError, DBAPIError) as error:
                _log.warning("the stream waits", extra={"reason": str(error)})
                self._stop.wait(_RETRY_S)
