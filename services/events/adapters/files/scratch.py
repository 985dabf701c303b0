"""Room on disk while a file is read: a temporary SQLite database of the operating system's, gone with the process."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from services.events.domain.imports.rows import Row, Sheet
from services.events.use_cases.imports.ports import NoRoom

_CACHE_KB = 32 * 1024


class DiskScratch:
    """Scratch room that spills to a temporary file beyond 32 MB. Used by one thread."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)  # an empty name: a private file, deleted when closed
        self._database.execute(f"PRAGMA cache_size=-{_CACHE_KB}")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.execute("PRAGMA journal_mode=OFF")
        self._database.execute("CREATE TABLE seen (digest INTEGER PRIMARY KEY, times INTEGER NOT NULL)")
        self._database.execute("CREATE TABLE waiting (key TEXT NOT NULL, number INTEGER NOT NULL, cells BLOB NOT NULL)")

    def occurrences(self, digests: Sequence[bytes]) -> Sequence[int]:
        """How many rows of the same digest came before, for each in order."""
        numbers = [int.from_bytes(digest[:8], "big", signed=True) for digest in digests]
        asked = msgspec.json.encode(numbers).decode()
        query = "SELECT digest, times FROM seen WHERE digest IN (SELECT value FROM json_each(?))"
        times: Counter[int] = Counter(dict(self._database.execute(query, (asked,))))
        before = []
        for number in numbers:
            before.append(times[number])
            times[number] += 1
        with _needing_room():
            self._database.execute("BEGIN")
            self._database.executemany(
                "INSERT INTO seen VALUES (?, ?) ON CONFLICT (digest) DO UPDATE SET times = excluded.times",
                sorted(times.items()),
            )
            self._database.execute("COMMIT")
        return before

    def put(self, keys: Sequence[str], sheet: Sheet) -> None:
        """Keep rows, each under the key of its group."""
        encode = msgspec.json.Encoder().encode
        rows = zip(keys, sheet.numbers, map(encode, sheet.rows), strict=True)
        with _needing_room():
            self._database.execute("BEGIN")
            self._database.executemany("INSERT INTO waiting VALUES (?, ?, ?)", rows)
            self._database.execute("COMMIT")

    def groups(self, rows: int) -> Iterator[Sheet]:
        """Everything that was kept, whole groups together, about `rows` at a time, in the order of their keys."""
        decode = msgspec.json.Decoder(tuple[str | int | float | bool | None, ...]).decode
        numbers: list[int] = []
        found: list[Row] = []
        spans: list[tuple[int, int]] = []
        start, current = 0, None
        for key, number, cells in self._in_order():
            if key != current and found:
                spans.append((start, len(found)))
                start = len(found)
                if start >= rows:
                    yield Sheet(numbers, found, spans)
                    numbers, found, spans, start = [], [], [], 0
            current = key
            numbers.append(number)
            found.append(decode(cells))
        if found:
            yield Sheet(numbers, found, [*spans, (start, len(found))])

    def _in_order(self) -> Iterator[tuple[str, int, bytes]]:
        with _needing_room():
            yield from self._database.execute("SELECT key, number, cells FROM waiting ORDER BY 1, 2")

    def close(self) -> None:
        """Give the room back."""
        self._database.close()


@contextmanager
def _needing_room() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise NoRoom(f"there is no room to read the file: {error}") from error
