"""Connections to the databases that Rapport knows, durable and with transactions that begin when it says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, Connection, Engine, ExceptionContext, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import PoolProxiedConnection

from shared.sql.turns import WriteTurns

Dialect = Literal["sqlite", "postgresql"]
_LOCK_WAIT_S = 30
_WRITER_CACHE_KIB = 64 * 1024
"""Pages of indexes that are written to again and again. One connection writes at a time, and so one has them."""
_READER_CACHE_KIB = 8 * 1024
_LOG_BYTES = 128 * 1024 * 1024
"""How long the log grows before it is copied back: pages that change often are copied less often so."""
_TOLD_OF_A_STATEMENT = 500


class Pool(QueuePool):
    """Connections; that none comes free in time is told as of a database that does not answer, which callers expect."""

    def connect(self) -> PoolProxiedConnection:
        """A connection. Raises sqlalchemy.exc.OperationalError when all are in use for too long."""
        try:
            return super().connect()
        except PoolTimeout as error:
            raise OperationalError("connect", None, error) from error


def open_engines(url: str, pool_size: int, page_bytes: int) -> tuple[Dialect, Engine, Engine]:
    """What kind of database a URL names; connections that write; those that only read, and wait for no writer.

    Each reading transaction sees one snapshot. What customers said stays out of errors, which go to logs and dead
    letters. Raises ValueError when the URL names neither kind of database.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ValueError(f"not a database URL: {url!r}; expected sqlite:///path or postgresql://…") from error
    match parsed.get_backend_name():
        case "sqlite":
            return "sqlite", *_sqlite(parsed, pool_size, page_bytes)
        case "postgresql":
            engine = _postgresql(parsed, pool_size)
            reading = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            return "postgresql", engine, engine.execution_options(**reading)
        case other:
            raise ValueError(f"{other} is not supported; use a sqlite: or postgresql: URL")


def _postgresql(url: URL, pool_size: int) -> Engine:
    options = f"-c lock_timeout={_LOCK_WAIT_S}s -c timezone=UTC"
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        poolclass=Pool,
        pool_size=pool_size,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"options": options, "connect_timeout": 5},
    )
    event.listen(engine, "handle_error", _shorten)
    return engine


def _sqlite(url: URL, pool_size: int, page_bytes: int) -> tuple[Engine, Engine]:
    if not url.database or url.database == ":memory:":
        raise ValueError("several processes share a database, so SQLite needs a file: sqlite:///path")
    file = Path(url.database)
    file.parent.mkdir(parents=True, exist_ok=True)
    turns = WriteTurns(file, patience_s=_LOCK_WAIT_S)
    # A writer takes the lock at once: upgrading from a read snapshot would fail instead of waiting.
    writers = _sqlite_engine(url, pool_size, page_bytes, _WRITER_CACHE_KIB, begin=turns.begin)
    event.listen(writers, "engine_disposed", lambda _: turns.close())
    readers = _sqlite_engine(url, pool_size, page_bytes, _READER_CACHE_KIB, begin=_begin_reading, only_reads=True)
    return writers, readers


def _shorten(context: ExceptionContext) -> None:
    """An error tells its statement, and one for thousands of rows would fill the logs."""
    error = context.sqlalchemy_exception
    if error is not None and error.statement and len(error.statement) > _TOLD_OF_A_STATEMENT:
        error.statement = f"{error.statement[:_TOLD_OF_A_STATEMENT]}…"


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _sqlite_engine(
    url: URL,
    pool_size: int,
    page_bytes: int,
    cache_kib: int,
    *,
    begin: Callable[[Connection], None],
    only_reads: bool = False,
) -> Engine:
    """Durable settings, and transactions that begin when SQLAlchemy says so."""
    engine = create_engine(
        url, poolclass=Pool, pool_size=pool_size, hide_parameters=True, connect_args={"timeout": _LOCK_WAIT_S}
    )
    event.listen(engine, "begin", begin)
    event.listen(engine, "handle_error", _shorten)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver opens no transaction by itself
        connection.execute(f"PRAGMA page_size={page_bytes}")  # of a file that is empty yet
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA cache_size=-{cache_kib}")
        (page,) = connection.execute("PRAGMA page_size").fetchone()
        connection.execute(f"PRAGMA wal_autocheckpoint={_LOG_BYTES // page}")
        connection.execute(f"PRAGMA query_only={only_reads:d}")

    return engine
