"""One call of a publisher, from its records to its answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from shared.bus.kafka.errors import told
from shared.bus.ports import NewRecord

ANSWER_WITHIN_S = 30.0


class Append:
    """One submit. Its future ends with its last record or when that takes too long, its memory only with the former."""

    __slots__ = ("_error", "_left", "_lock", "_on_settled", "future", "overdue_at", "records")

    def __init__(self, records: Sequence[NewRecord], on_settled: Callable[[], None]) -> None:
        self.records = records
        self.future: Future[None] = Future()
        self.future.set_running_or_notify_cancel()
        self.overdue_at = time.monotonic() + ANSWER_WITHIN_S
        self._on_settled = on_settled
        self._left = len(records)
        self._error: Exception | None = None
        self._lock = threading.Lock()

    def record_done(self, error: BaseException | None, _metadata: object = None) -> None:
        """A record is durable, or was not appended."""
        with self._lock:
            self._left -= 1
            if error is not None and self._error is None:
                self._error = error if isinstance(error, ValueError) else told(error)
            if self._left:
                return
        self.settle(self._error)

    def settle(self, error: Exception | None) -> None:
        """Nothing more happens to the records."""
        self._on_settled()
        self.answer(error)

    def answer(self, error: Exception | None) -> None:
        """Let the caller know, once."""
        with self._lock:
            if self.future.done():
                return
            if error is None:
                self.future.set_result(None)
            else:
                self.future.set_exception(error)
