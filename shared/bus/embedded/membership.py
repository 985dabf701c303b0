"""One consumer's place in its group, kept alive by its polls."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from shared.bus.embedded.group_file import Fenced, GroupFile
from shared.bus.ports import Partition, Positions
from shared.ids import new_id

_BEATS_A_SESSION = 3
_REPORT_PAUSE_S = 1.0


class Membership:
    """Joins at the first `keep`, and again under a new name after it was taken for dead. Raises sqlite3.Error."""

    def __init__(self, path: Path, group: str, *, partitions: Mapping[str, int], session_timeout_s: float) -> None:
        self._groups = GroupFile(path, group)
        self._partitions = partitions
        self._session_timeout_s = session_timeout_s
        self._member: str | None = None
        self._owned: frozenset[Partition] = frozenset()
        self._beat_at = 0.0
        self._reported: dict[Partition, int] = {}
        self._report_at = 0.0
        self.generation = 0
        """Grows with each joining; what was owned before it is no longer."""

    def keep(self) -> frozenset[Partition]:
        """Stay alive, or join; return the partitions to read now. Calling says that all records handed out are done."""
        self._send_reports()
        now = time.monotonic()
        if self._member is None:
            self._join()
        elif now >= self._beat_at:
            self._beat()
        elif self._groups.changed():
            self._owned, must_beat = self._groups.look(self._member)
            if must_beat:
                self._beat()
        return self._owned

    def report(self, positions: Positions) -> None:
        """Note how far the group has come; written at most once a second."""
        self._reported.update(positions)
        with suppress(sqlite3.Error):
            self._send_reports()

    def leave(self) -> None:
        """Leave the group and let go of the file; without effect on a file that cannot be written."""
        with suppress(sqlite3.Error):
            self._report_at = 0.0
            self._send_reports()
            if self._member is not None:
                self._groups.leave(self._member)
        self._groups.close()

    def _join(self) -> None:
        member = new_id()
        self._owned = self._groups.join(member, self._partitions, session_timeout_s=self._session_timeout_s)
        self._member = member
        self.generation += 1
        self._plan_beat()

    def _beat(self) -> None:
        if self._member is None:
            return
        try:
            self._owned = self._groups.beat(self._member)
        except Fenced:
            self._join()
        self._plan_beat()

    def _plan_beat(self) -> None:
        self._beat_at = time.monotonic() + self._session_timeout_s / _BEATS_A_SESSION

    def _send_reports(self) -> None:
        if self._reported and time.monotonic() >= self._report_at:
            self._groups.report(self._reported)
            self._reported = {}
            self._report_at = time.monotonic() + _REPORT_PAUSE_S
