"""The facts of the bus as one stream for many listeners in this process, from any position on.

One reader follows the log for all of them, and only while anybody listens. Who comes back with an older position is
first brought up to where that reader is by a reader of its own.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from services.events.adapters.bus.stream_position import StreamPosition
from services.events.use_cases.webhooks.public_events import CONTRACT_NAMES
from shared.bus.cloudevents import Event, MalformedRecord, from_record
from shared.bus.ports import Bus, BusError, Consumer, Partition, Positions, Record
from shared.contracts.topics import PUBLIC
from shared.ids import new_id

_log = logging.getLogger(__name__)
_TOPICS = [topic.name for topic in PUBLIC]
_POLL_S = 0.5
_RETRY_S = 1.0
_PATIENCE_S = 0.01
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Told:
    """One fact as listeners get it. `subject` is what the bus orders it by; `data` its JSON."""

    position: StreamPosition
    name: str
    subject: str
    event: Event


class Listener(Protocol):
    """Takes facts in order, from threads, and never waits."""

    def offer(self, told: Sequence[Told]) -> bool:
        """Take facts; False when it wants no more."""
        ...

    def has_room(self) -> bool:
        """Whether as much as one record holds would be taken now."""
        ...

    def drop(self) -> None:
        """Hear that nothing more comes."""
        ...


class FactStream:
    """Follows the public topics for any number of listeners."""

    def __init__(self, bus: Callable[[], Bus]) -> None:
        self._bus = bus
        self._lock = threading.Lock()
        self._listeners: dict[str, Listener] = {}
        self._at: dict[Partition, int] = {}
        self._reader: _Reader | None = None

    def subscribe(self, listener: Listener, after: StreamPosition | None) -> Callable[[], None]:
        """Tell `listener` everything from now on, or from behind `after`; the answer ends it. Raises BusError."""
        stopped = threading.Event()
        with self._lock:
            if self._reader is None:
                self._at = dict(self._bus().end_positions(_TOPICS))
                self._reader = _Reader(self._bus(), self._at, self._tell)
            joined = dict(self._at)
            catching_up = after is not None and after.is_before(joined)
            entry = _Joining(listener) if catching_up else listener
            identity = new_id()
            self._listeners[identity] = entry
        if after is not None and isinstance(entry, _Joining):
            threading.Thread(
                target=self._catch_up, args=(entry, after, joined, stopped), name="stream-catch-up", daemon=True
            ).start()

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
        with self._lock:
            told = list(_told(records, self._at))
            for identity, listener in list(self._listeners.items()):
                if told and not listener.offer(told):
                    del self._listeners[identity]

    def _catch_up(self, joining: _Joining, after: StreamPosition, joined: Positions, stopped: threading.Event) -> None:
        at = {place: min(after.positions.get(place, end), end) for place, end in joined.items()}
        try:
            consumer = self._bus().consumer(f"events.stream.{new_id()}", _TOPICS, start_at=_from(at))
            try:
                for record in self._until(consumer, at, joined, stopped):
                    joining.past(list(_told([record], at, skip=after)), stopped)
            finally:
                consumer.close()
        except BusError as error:
            _log.warning("a stream could not catch up", extra={"reason": str(error)})
            joining.drop()
        else:
            joining.join()

    def _until(
        self, consumer: Consumer, at: dict[Partition, int], joined: Positions, stopped: threading.Event
    ) -> Iterator[Record]:
        """Records before `joined`, while `at` is moved on by whoever takes them."""
        while not stopped.is_set() and any(at[place] < end for place, end in joined.items()):
            records = consumer.poll(timeout_s=_POLL_S)
            if not records and consumer.assignment():
                # What lay before the beginning of the log is forgotten; a bus that is away is waited for.
                oldest = self._bus().positions_since(_TOPICS, _LONG_AGO)
                at.update({place: max(begun, oldest.get(place, 0)) for place, begun in at.items()})
            yield from (each for each in records if each.offset < joined.get((each.topic, each.partition), 0))


class _Joining:
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
            self._waiting.extend(told)
            if len(self._waiting) <= self._MOST:
                return True
        self._listener.drop()
        return False

    def has_room(self) -> bool:
        return self._listener.has_room()

    def drop(self) -> None:
        self._listener.drop()

    def past(self, told: Sequence[Told], stopped: threading.Event) -> None:
        """Tell of the past, as fast as the listener takes it."""
        while not self._listener.has_room() and not stopped.is_set():
            stopped.wait(_PATIENCE_S)
        self._listener.offer(told)

    def join(self) -> None:
        """The past is told; on with the present."""
        with self._lock:
            waiting, self._waiting = self._waiting or [], None
            self._listener.offer(waiting)


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
                consumer = self._bus.consumer(group, _TOPICS, start_at=_from(self._at))
                try:
                    while not self._stop.is_set():
                        if (records := consumer.poll(timeout_s=_POLL_S)) and not self._stop.is_set():
                            self._tell(records)
                finally:
                    consumer.close()
            except BusError as error:
                _log.warning("the stream waits for the bus", extra={"reason": str(error)})
                self._stop.wait(_RETRY_S)


def _from(at: Mapping[Partition, int]) -> Callable[[Iterable[Partition]], Positions]:
    return lambda places: {place: at[place] for place in places if place in at}


def _told(records: Sequence[Record], at: dict[Partition, int], *, skip: StreamPosition | None = None) -> Iterator[Told]:
    """The public facts in `records`, each with the position behind it; `at` is moved on."""
    for record in records:
        place = (record.topic, record.partition)
        if record.offset < at.get(place, 0):
            continue
        at[place] = record.offset
        known = skip.skips(place, record.offset) if skip else 0
        try:
            events = from_record(record)
        except MalformedRecord:
            events = []  # the consumers that depend on it keep it as a dead letter
        before = StreamPosition(dict(at))
        at[place] = record.offset + 1
        behind = StreamPosition(dict(at))
        for number, event in enumerate(events, 1):
            if number > known and (name := CONTRACT_NAMES.get(event.type)):
                position = behind if number == len(events) else before.within(place, number)
                yield Told(position, name, event.subject or "", event)
