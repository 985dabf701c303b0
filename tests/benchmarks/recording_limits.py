"""What a database takes of rows that are as large as touchpoints, with nothing to decide about them."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from pathlib import Path

import psycopg
from sqlalchemy import make_url

_ROWS = 100_000
_A_COMMIT = 5_000
_BODY = os.urandom(450) + bytes(450)
_TABLE = "CREATE TABLE bare (id text, body {blob})"


def rows_per_second(database_url: str) -> float:
    """Rows of 900 bytes without an index, 5,000 a durable commit: executemany into SQLite, COPY into PostgreSQL."""
    url = make_url(database_url)
    if url.get_backend_name() == "postgresql":
        return _copied(url.database or "", str(url.query["host"]))
    return _inserted()


def _inserted() -> float:
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(_TABLE.format(blob="blob"))
        began = time.perf_counter()
        for start in range(0, _ROWS, _A_COMMIT):
            connection.execute("BEGIN IMMEDIATE")
            rows = [(f"{number:036d}", _BODY) for number in range(start, start + _A_COMMIT)]
            connection.executemany("INSERT INTO bare VALUES (?, ?)", rows)
            connection.execute("COMMIT")
        took = time.perf_counter() - began
        connection.close()
        return _ROWS / took


def _copied(database: str, host: str) -> float:
    with psycopg.connect(host=host, user="postgres", dbname=database) as connection:
        connection.execute(_TABLE.format(blob="bytea"))
        connection.commit()
        began = time.perf_counter()
        for start in range(0, _ROWS, _A_COMMIT):
            with connection.cursor().copy("COPY bare FROM STDIN") as copy:
                for number in range(start, start + _A_COMMIT):
                    copy.write_row((f"{number:036d}", _BODY))
            connection.commit()
        took = time.perf_counter() - began
        connection.execute("DROP TABLE bare")
        return _ROWS / took
