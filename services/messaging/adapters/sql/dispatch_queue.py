"""The queue of messages that are due, shared by any number of senders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.messaging.adapters.sql.campaigns import campaign_from
from services.messaging.adapters.sql.read_copies import contact_from
from services.messaging.adapters.sql.senders import Senders
from services.messaging.adapters.sql.settlements import owned_by, record_settlements
from services.messaging.adapters.sql.suppressions import SqlSuppressions
from services.messaging.adapters.sql.tables import campaigns, contacts, messages
from services.messaging.adapters.sql.templates import SqlTemplates
from services.messaging.domain.campaigns import DISPATCHING
from services.messaging.domain.deliveries import MessageStatus, Settlement
from services.messaging.use_cases.dispatch_ports import Abandoned, Claimed, Clearance, Programme
from shared.outbox.outbox import Outbox
from shared.sql.database import Database
from shared.sql.present import database_now

_Q = MessageStatus


class SqlDispatchQueue:
    """The queue, for one sender; `senders` keeps it known to be alive."""

    def __init__(self, database: Database, outbox: Outbox, senders: Senders) -> None:
        self._database = database
        self._outbox = outbox
        self._senders = senders

    def claim(self, limit: int) -> Sequence[Claimed]:
        """Take messages that are due, of campaigns that run, transactional ones first. Raises SenderExpired."""
        with self._database.transaction() as session:
            self._senders.check(session)
            running = select(campaigns.c.id).where(campaigns.c.status.in_(DISPATCHING))
            in_order = running.order_by(campaigns.c.kind.desc(), campaigns.c.id)
            return _with_contacts(session, self._claim_of_each(session, session.scalars(in_order).all(), limit))

    def _claim_of_each(self, session: Session, running: Sequence[str], limit: int) -> list[Any]:
        """A share of each, so that none waits until a larger one is over; what is left is for those that have more."""
        taken: list[Any] = []
        have_more: list[str] = []
        for left, campaign_id in zip(range(len(running), 0, -1), running, strict=True):
            share = -(-(limit - len(taken)) // left)
            some = self._claim_of(session, campaign_id, share)
            taken.extend(some)
            if len(some) == share:
                have_more.append(campaign_id)
        for campaign_id in have_more:
            if len(taken) < limit:
                taken.extend(self._claim_of(session, campaign_id, limit - len(taken)))
        return taken

    def _claim_of(self, session: Session, campaign_id: str, limit: int) -> Sequence[Any]:
        due = (
            select(messages.c.id)
            .where(
                messages.c.campaign_id == campaign_id,
                messages.c.status == _Q.QUEUED,
                messages.c.due_at <= database_now(session),
            )
            .order_by(messages.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        mine = update(messages).where(messages.c.id.in_(due)).values(status=_Q.CLAIMED, claimed_by=self._senders.me)
        asked = (messages.c.id, messages.c.campaign_id, messages.c.profile_id, messages.c.attempts)
        return session.execute(mine.returning(*asked)).all()

    def programme(self, campaign_id: str) -> Programme:
        """The campaign and the template version it pins."""
        with self._database.reading() as session:
            row = session.execute(select(campaigns).where(campaigns.c.id == campaign_id)).one()
            version = SqlTemplates(session).version(row.template_id, row.template_version)
        return Programme(campaign_from(row), version)

    def begin(self, address_hashes: Mapping[str, str], *, settled: Sequence[Settlement] = ()) -> Clearance:
        """Right before sending: which may go, marked durably; `settled` is recorded too. Raises SenderExpired."""
        with self._database.transaction() as session:
            self._senders.check(session)
            record_settlements(session, self._outbox, settled, owner=self._senders.me)
            known = SqlSuppressions(session, self._outbox).among(set(filter(None, address_hashes.values())))
            suppressed = {each: known[digest] for each, digest in address_hashes.items() if digest in known}
            wanted = [each for each in address_hashes if each not in suppressed]
            mine = owned_by(self._senders.me) & messages.c.id.in_(wanted)
            runs = messages.c.campaign_id.in_(select(campaigns.c.id).where(campaigns.c.status.in_(DISPATCHING)))
            marked = update(messages).where(mine & runs).values(status=_Q.SENDING).returning(messages.c.id)
            go = frozenset(session.execute(marked).scalars())
            if len(go) < len(wanted):
                held = update(messages).where(mine, messages.c.status == _Q.CLAIMED)
                session.execute(held.values(status=_Q.QUEUED, claimed_by=None))
        return Clearance(go, suppressed)

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """Record what became of messages that this process owns, and tell the final ones; each once."""
        with self._database.transaction() as session:
            record_settlements(session, self._outbox, settlements, owner=self._senders.me)

    def take_over(self, *, own: bool) -> Sequence[Abandoned]:
        """Requeue what dead processes (and with `own`, this one) had claimed; what they may have sent becomes ours."""
        with self._database.transaction() as session:
            owners = self._senders.dead(session) | ({self._senders.me} if own else frozenset())
            if not owners:
                return []
            theirs = messages.c.claimed_by.in_(sorted(owners))
            claimed = update(messages).where(theirs, messages.c.status == _Q.CLAIMED)
            session.execute(claimed.values(status=_Q.QUEUED, claimed_by=None))
            sending = (
                update(messages).where(theirs, messages.c.status == _Q.SENDING).values(claimed_by=self._senders.me)
            )
            taken = session.execute(sending.returning(messages.c.id, messages.c.campaign_id, messages.c.attempts)).all()
            kinds = (
                {row.id: row.kind for row in session.execute(select(campaigns.c.id, campaigns.c.kind))} if taken else {}
            )
            self._senders.forget(session, owners - {self._senders.me})
            return [Abandoned(row.id, row.attempts, kinds[row.campaign_id]) for row in taken]


def _with_contacts(session: Session, taken: Sequence[Any]) -> list[Claimed]:
    wanted = contacts.c.profile_id.in_([row.profile_id for row in taken])
    known = (
        {row.profile_id: contact_from(row) for row in session.execute(select(contacts).where(wanted))} if taken else {}
    )
    return [Claimed(row.id, row.campaign_id, row.attempts, known.get(row.profile_id)) for row in taken]
