"""Deletes what is past its topic's retention, also in topics that nobody appends to any more."""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.bus.embedded.topic_file import TopicFile

_log = logging.getLogger(__name__)
_EVERY_S = 600.0


class Retention:
    """Looks at every topic of a folder now and then, from a thread of its own. By age alone, as Kafka does it: whether
    every group has read it makes no difference, so that a reader that is gone for good keeps nothing."""

    def __init__(self, topics: Path) -> None:
        self._topics = topics
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            forget_old(self._topics, now=datetime.now(UTC))
            self._stop.wait(_EVERY_S)


def forget_old(topics: Path, *, now: datetime) -> None:
    """Delete from each topic of the folder what is older than the topic keeps it."""
    for path in sorted(topics.glob("*.sqlite")):
        try:
            with closing(TopicFile(path)) as file:
                oldest = now - timedelta(days=file.topic.retention_days)
                while file.forget_before(oldest):
                    pass
        except (sqlite3.Error, OSError) as error:
            _log.warning("retention failed", extra={"topic": path.stem, "cause": str(error)})
