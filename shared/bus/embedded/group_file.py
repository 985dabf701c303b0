"""Consumer groups in one SQLite file: who is alive, who reads which partition, how far each group has come.

Members beat; one whose process has died, or that was silent for its session time, is taken out by whoever notices. A
partition moves from a living member in two steps, named and then let go: the new owner reads only after the old one
came back for more, having dealt with what it held. Times are the machine's monotonic clock, the same in every process.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from shared.bus.embedded.sharing import share
from shared.bus.embedded.sqlite import Changes, connect, create, writing
from shared.bus.ports import Partition, Positions
from shared.signs_of_life import SignsOfLife

_TABLES = (
    """CREATE TABLE members (group_name TEXT, member TEXT, topics TEXT, session_timeout_s REAL, seen REAL,
    PRIMARY KEY (group_name, member)) WITHOUT ROWID""",
    """CREATE TABLE shares (group_name TEXT, topic TEXT, partition INTEGER, owner TEXT, successor TEXT,
    PRIMARY KEY (group_name, topic, partition)) WITHOUT ROWID""",
    """CREATE TABLE reported (group_name TEXT, topic TEXT, partition INTEGER, position INTEGER,
    PRIMARY KEY (group_name, topic, partition)) WITHOUT ROWID""",
)


class Fenced(Exception):
    """The member was taken out of its group; it may join again under another name."""


def create_group_file(path: Path) -> None:
    """Make the file unless it stands; raises sqlite3.Error or OSError."""
    create(path, *((table, ()) for table in _TABLES))


class GroupFile:
    """A connection to the groups. Used by one thread; raises sqlite3.Error."""

    def __init__(self, path: Path, group: str) -> None:
        self._connection = connect(path, durable=False)
        self._group = group
        self._signs = SignsOfLife(path.parent / "alive")
        self.changed = Changes(self._connection)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def join(self, member: str, partitions: Mapping[str, int], *, session_timeout_s: float) -> frozenset[Partition]:
        """Become a member that reads these topics (with their number of partitions); return what it may read now."""
        self._signs.give(member)
        with writing(self._connection):
            self._connection.execute(
                "INSERT INTO members VALUES (?, ?, ?, ?, ?)",
                (self._group, member, json.dumps(dict(partitions)), session_timeout_s, time.monotonic()),
            )
            self._take_out_the_dead(member)
            self._rebalance()
            return self._owned_by(member)

    def beat(self, member: str) -> frozenset[Partition]:
        """Say that the member lives and has dealt with what it held; return what it may read. Raises Fenced."""
        with writing(self._connection):
            seen = self._connection.execute(
                "UPDATE members SET seen = ? WHERE group_name = ? AND member = ?",
                (time.monotonic(), self._group, member),
            )
            if seen.rowcount == 0:
                self._signs.remove(member)
                raise Fenced(member)
            if self._take_out_the_dead(member):
                self._rebalance()
            self._let_go(member)
            return self._owned_by(member)

    def look(self, member: str) -> tuple[frozenset[Partition], bool]:
        """What the member may read, and whether it must beat to learn more, without writing."""
        rows = self._connection.execute(
            "SELECT topic, partition, successor FROM shares WHERE group_name = ? AND owner = ?", (self._group, member)
        ).fetchall()
        return frozenset((topic, part) for topic, part, _ in rows), any(heir is not None for *_, heir in rows)

    def leave(self, member: str) -> None:
        """Be no member any more; the others may read its partitions at once."""
        with writing(self._connection):
            self._remove(member)
            self._rebalance()
        self._signs.remove(member)

    def report(self, positions: Positions) -> None:
        """Note how far the group has come."""
        with writing(self._connection):
            self._connection.executemany(
                "INSERT INTO reported VALUES (?, ?, ?, ?) "
                "ON CONFLICT (group_name, topic, partition) DO UPDATE SET position = excluded.position",
                [(self._group, topic, part, position) for (topic, part), position in positions.items()],
            )

    def reported(self, topics: Iterable[str]) -> dict[Partition, int]:
        """What was noted last."""
        wanted = set(topics)
        rows = self._connection.execute(
            "SELECT topic, partition, position FROM reported WHERE group_name = ?", (self._group,)
        )
        return {(topic, part): position for topic, part, position in rows if topic in wanted}

    def _owned_by(self, member: str) -> frozenset[Partition]:
        return self.look(member)[0]

    def _take_out_the_dead(self, caller: str) -> bool:
        now = time.monotonic()
        others = self._connection.execute(
            # Seen in the future: before the machine restarted.
            "SELECT member, seen + session_timeout_s < ? OR seen > ? FROM members WHERE group_name = ? AND member <> ?",
            (now, now, self._group, caller),
        ).fetchall()
        dead = [member for member, is_silent in others if is_silent or self._signs.has_died(member)]
        for member in dead:
            self._remove(member)
            self._signs.remove(member)
        return bool(dead)

    def _remove(self, member: str) -> None:
        self._connection.execute("DELETE FROM members WHERE group_name = ? AND member = ?", (self._group, member))
        self._connection.execute(
            "UPDATE shares SET owner = successor, successor = NULL WHERE group_name = ? AND owner = ?",
            (self._group, member),
        )

    def _let_go(self, member: str) -> None:
        self._connection.execute(
            "UPDATE shares SET owner = successor, successor = NULL "
            "WHERE group_name = ? AND owner = ? AND successor IS NOT NULL",
            (self._group, member),
        )

    def _rebalance(self) -> None:
        """Write down anew who is to read what; what a living member still holds, it hands over when it beats."""
        members = self._connection.execute(
            "SELECT member, topics FROM members WHERE group_name = ?", (self._group,)
        ).fetchall()
        subscribed: dict[str, dict[str, int]] = {member: json.loads(topics) for member, topics in members}
        held: dict[Partition, str] = {
            (topic, part): owner
            for topic, part, owner in self._connection.execute(
                "SELECT topic, partition, owner FROM shares WHERE group_name = ? AND owner IS NOT NULL", (self._group,)
            )
            if owner in subscribed
        }
        sizes = {topic: count for topics in subscribed.values() for topic, count in topics.items()}
        wanted = share(sizes, {member: frozenset(topics) for member, topics in subscribed.items()}, held)
        self._connection.execute("DELETE FROM shares WHERE group_name = ?", (self._group,))
        self._connection.executemany(
            "INSERT INTO shares VALUES (?, ?, ?, ?, ?)",
            [(self._group, *partition, *_handover(held.get(partition), heir)) for partition, heir in wanted.items()],
        )


def _handover(holder: str | None, heir: str) -> tuple[str, str | None]:
    """(owner, successor): what nobody holds is the heir's at once."""
    return (heir, None) if holder is None or holder == heir else (holder, heir)
