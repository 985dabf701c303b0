"""The loop that feeds replays: one worker at a time, a chunk for each in turn, a chunk and its place in one commit."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from time import monotonic
from typing import Protocol

from sqlalchemy.exc import DBAPIError

from services.events.domain.webhooks.replays import Replay
from services.events.use_cases.webhooks.replay_ports import Chunk, PastFacts
from shared.bus.ports import BusError
from shared.workers.loops import work_until

_log = logging.getLogger(__name__)
_AT_ONCE = 4
_IDLE_S = 0.5
_KEEP_OPEN_S = 10.0


class ReplayDesk(Protocol):
    """What the loop asks for; each call is a transaction of its own."""

    def in_need(self, limit: int) -> Sequence[Replay]:
        """Replays that can be fed now; none while another worker feeds them."""
        ...

    def open(self, replay: Replay) -> PastFacts | None:
        """The log from where the replay is; None when it was only found out what there is to read, or that facts of its
        time are still on their way into the log. Raises BusError."""
        ...

    def feed(self, replay: Replay, chunk: Chunk) -> bool:
        """Put a chunk into the lane; False when the replay is not what it was."""
        ...

    def leave(self) -> None:
        """Let another worker feed them."""
        ...


class ReplayLoop:
    """Feeds the replays that are running, a few at once, with one open reader for each."""

    def __init__(self, desk: ReplayDesk) -> None:
        self._desk = desk
        self._open: dict[str, tuple[PastFacts, float]] = {}

    def run(self, stop: threading.Event) -> None:
        """Feed until `stop` is set. A bus or database that is away is waited for."""
        work_until(stop, self._step, rest_s=_IDLE_S, away=(BusError, DBAPIError))
        self._close_unused_since(monotonic())
        try:
            self._desk.leave()
        except DBAPIError as error:  # it ends by itself
            _log.warning("replays were not let go of", extra={"reason": str(error)})

    def _step(self) -> int:
        try:
            return self._round()
        except (BusError, DBAPIError):
            self._close_unused_since(monotonic())
            raise

    def _round(self) -> int:
        """A turn for each; how many had one."""
        turns = 0
        for replay in self._desk.in_need(_AT_ONCE):
            past, _ = self._open.get(replay.id) or (self._desk.open(replay), 0.0)
            if past is None:
                continue
            turns += 1
            self._open[replay.id] = past, monotonic()
            chunk = past.read()
            # A chunk that was not taken is read again from where the replay is.
            if chunk is not None and (not self._desk.feed(replay, chunk) or chunk.is_last):
                self._close(replay.id)
        self._close_unused_since(monotonic() - _KEEP_OPEN_S)
        return turns

    def _close_unused_since(self, moment: float) -> None:
        for replay_id, (_, used) in list(self._open.items()):
            if used <= moment:
                self._close(replay_id)

    def _close(self, replay_id: str) -> None:
        self._open.pop(replay_id)[0].close()
