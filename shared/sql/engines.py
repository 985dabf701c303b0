"""Connections to the databases that Rapport knows, durable and with transactions that begin when it says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from shared.sql.turns import WriteTurns

Dialect = Literal["sqlite", "postgresql"]
_LOCK_WAIT_S = 30
_READ_ONLY = "rapport_read_only"


def open_engine(url: str, pool_size: int) -> tuple[Dialect, Engine]:
    """The engine of a URL; what customers said stays out of its errors, which go to logs and dead letters.

    Raises ValueError when the URL names neither kind of database.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ValueError(f"not a database URL: {url!r}; expected sqlite:///path or postgresql://…") from error
    match parsed.get_backend_name():
        case "sqlite":
            return "sqlite", _sqlite(parsed, pool_size)
        case "postgresql":
            return "postgresql", _postgresql(parsed, pool_size)
        case other:
            raise ValueError(f"{other} is not supported; use a sqlite: or postgresql: URL")


def readers_of(engine: Engine) -> Engine:
    """The same connections for transactions that only read, from one snapshot, and wait for no writer."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(**{_READ_ONLY: True})
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _sqlite(url: URL, pool_size: int) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ValueError("several processes share a database, so SQLite needs a file: sqlite:///path")
    file = Path(url.database)
    file.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, pool_size=pool_size, hide_parameters=True, connect_args={"timeout": _LOCK_WAIT_S})
    _speak_plainly_to_sqlite(engine, WriteTurns(file, patience_s=_LOCK_WAIT_S))
    return engine


def _postgresql(url: URL, pool_size: int) -> Engine:
    options = f"-c lock_timeout={_LOCK_WAIT_S}s -c timezone=UTC"
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"options": options, "connect_timeout": 5},
    )


def _speak_plainly_to_sqlite(engine: Engine, turns: WriteTurns) -> None:
    """Durable settings, and transactions that begin when SQLAlchemy says so."""

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver opens no transaction by itself
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA cache_size=-65536")
        connection.execute("PRAGMA wal_autocheckpoint=16000")  # pages that change often are copied back less often

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes the lock at once: upgrading from a read snapshot would fail instead of waiting.
        if connection.get_execution_options().get(_READ_ONLY):
            connection.exec_driver_sql("BEGIN")
        else:
            turns.begin(connection)

    @event.listens_for(engine, "engine_disposed")
    def _close(_engine: Engine) -> None:
        turns.close()
