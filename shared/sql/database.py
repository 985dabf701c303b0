"""One database of one service, and its transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Condition, Lock
from typing import Any, Literal

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

Dialect = Literal["sqlite", "postgresql"]
_LOCK_WAIT_S = 30


class Database:
    """Opens transactions on a `sqlite:` or `postgresql:` URL. Safe to share between threads.

    Raises ValueError when the URL names neither.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.dialect, self.engine = _open(url, pool_size)
        self._readers = self.engine.execution_options(rapport_read_only=True)
        # SQLite lets one write at a time and the others ask again and again; here they are woken in turn instead.
        self._turn: AbstractContextManager[object] = Lock() if self.dialect == "sqlite" else nullcontext()
        self._committed = Condition()
        self._commits = 0

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end of the block and rolls back on an error."""
        with self._turn, Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session
        with self._committed:
            self._commits += 1
            self._committed.notify_all()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one snapshot and waits for no writer."""
        with Session(self._readers, expire_on_commit=False) as session:
            yield session

    @property
    def commits(self) -> int:
        """How many transactions were committed through this object."""
        return self._commits

    def wait_for_commit(self, after: int, timeout_s: float) -> None:
        """Wait until there are more commits than `after`, or for `timeout_s`: other processes do not tell."""
        with self._committed:
            self._committed.wait_for(lambda: self._commits > after, timeout_s)

    def check(self) -> None:
        """Raise sqlalchemy.exc.SQLAlchemyError when the database does not answer."""
        with self.reading() as session:
            session.execute(text("SELECT 1"))

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _open(url: str, pool_size: int) -> tuple[Dialect, Engine]:
    """The engine of a URL; what customers said stays out of its errors, which go to logs and dead letters."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ValueError(f"not a database URL: {url!r}; expected sqlite:///path or postgresql://…") from error
    match parsed.get_backend_name():
        case "sqlite":
            if parsed.database and parsed.database != ":memory:":
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(
                parsed, pool_size=pool_size, hide_parameters=True, connect_args={"timeout": _LOCK_WAIT_S}
            )
            _speak_plainly_to_sqlite(engine)
            return "sqlite", engine
        case "postgresql":
            options = f"-c lock_timeout={_LOCK_WAIT_S}s -c timezone=UTC"
            engine = create_engine(
                parsed.set(drivername="postgresql+psycopg"),
                pool_size=pool_size,
                pool_pre_ping=True,
                hide_parameters=True,
                connect_args={"options": options, "connect_timeout": 5},
            )
            _read_from_one_snapshot(engine)
            return "postgresql", engine
        case other:
            raise ValueError(f"{other} is not supported; use a sqlite: or postgresql: URL")


def _speak_plainly_to_sqlite(engine: Engine) -> None:
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
        read_only = connection.get_execution_options().get("rapport_read_only")
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _read_from_one_snapshot(engine: Engine) -> None:
    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("rapport_read_only"):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
