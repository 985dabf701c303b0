"""One database of one service, and its transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Condition, Lock

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from shared.signs_of_life import SignsOfLife
from shared.sql.engines import open_engines


class Database:
    """Opens transactions on a `sqlite:` or `postgresql:` URL. Safe to share between threads.

    `page_bytes` is how large the pages of a SQLite file become that does not exist yet. Raises ValueError when the URL
    names neither.
    """

    def __init__(self, url: str, *, pool_size: int = 10, page_bytes: int = 4_096) -> None:
        self.dialect, self.engine, self._readers = open_engines(url, pool_size, page_bytes)
        # SQLite lets one write at a time and the others ask again and again; here they are woken in turn instead.
        self._turn: AbstractContextManager[object] = Lock() if self.dialect == "sqlite" else nullcontext()
        self._committed = Condition()
        self._commits = 0
        self.signs = SignsOfLife(_folder_of(self.engine) if self.dialect == "sqlite" else None)
        """Of those who hold something in this database; on PostgreSQL, which machines share, none."""

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
        self._readers.dispose()


def _folder_of(engine: Engine) -> Path:
    return Path(engine.url.database or "").parent / "alive"
