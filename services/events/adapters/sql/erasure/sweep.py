"""Sweeping out what is about erased customers and is found by no key: webhooks, refused rows of files, dead letters."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.events.adapters.sql.erasure.erasures import settle, unfinished
from services.events.adapters.sql.imports.refused_rows import drop_rows, rows_about
from services.events.adapters.sql.webhooks.tables import webhook_attempts, webhook_deliveries, webhook_messages
from services.events.use_cases.erasure.search import Search
from shared.batched import batched
from shared.clock import Clock
from shared.inbox.dead_letters import mend_dead_letters
from shared.sql.database import Database

_PAGE = 500


class Sweep:
    """Follows erasures through what has to be read to be found. Any number of workers may do it at once."""

    def __init__(self, database: Database, *, clock: Clock, archives: bool) -> None:
        self._database = database
        self._clock = clock
        self._archives = archives

    def sweep(self) -> None:
        """Do what is to do; each customer is searched for without holding anybody up. Raises DBAPIError."""
        with self._database.reading() as session:
            waiting = unfinished(session, part="swept_at")
        for who in waiting:
            search = Search(who)
            with self._database.reading() as session:
                bodies, refused = list(_messages_about(session, search)), list(rows_about(session, who))
            with self._database.transaction() as session:
                for some in batched(bodies, _PAGE):
                    _delete_messages(session, some)
                for import_id, numbers in refused:
                    drop_rows(session, import_id, numbers)
                mend_dead_letters(session, search.mended)
                settle(session, [who], part="swept_at", now=self._clock(), archives=self._archives)


def _messages_about(session: Session, search: Search) -> Iterator[str]:
    m = webhook_messages.c
    rows = session.execute(select(m.id, m.body).execution_options(yield_per=_PAGE))
    return (row.id for row in rows if search.holds(bytes(row.body)))


def _delete_messages(session: Session, message_ids: Collection[str]) -> None:
    """The bodies, and what was tried with them; a worker that is about to send one finds nothing to settle."""
    d = webhook_deliveries.c
    theirs = select(d.id).where(d.message_id.in_(message_ids))
    session.execute(delete(webhook_attempts).where(webhook_attempts.c.delivery_id.in_(theirs)))
    session.execute(delete(webhook_deliveries).where(d.message_id.in_(message_ids)))
    session.execute(delete(webhook_messages).where(webhook_messages.c.id.in_(message_ids)))
