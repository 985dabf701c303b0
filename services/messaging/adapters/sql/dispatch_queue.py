"""The queue of messages that are due, shared by any number of senders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from services.messaging.adapters.sql.campaigns import campaign_from
from services.messaging.adapters.sql.present import database_now
from services.messaging.adapters.sql.read_copies import contact_from
from services.messaging.adapters.sql.senders import Senders
from services.messaging.adapters.sql.suppressions import SqlSuppressions
from services.messaging.adapters.sql.tables import campaigns, contacts, messages
from services.messaging.adapters.sql.templates import SqlTemplates
from services.messaging.domain.deliveries import FINAL, MessageStatus, Settlement, is_stand_in
from services.messaging.use_cases.ports import RUNNING, Abandoned, Claimed, Clearance, Programme
from services.messaging.use_cases.tell import dispatched
from shared.outbox.outbox import Outbox
from shared.sql.database import Database

_Q = MessageStatus


class SqlDispatchQueue:
    """The queue, for one sender; `senders` keeps it known to be alive."""

    def __init__(self, database: Database, outbox: Outbox, senders: Senders) -> None:
        self._database = database
        self._outbox = outbox
        self._senders = senders

    def claim(self, limit: int) -> Sequence[Claimed]:
        """Take messages that are due, of campaigns that run. Raises SenderExpired."""
        with self._database.transaction() as session:
            self._senders.check(session)
            running = session.execute(select(campaigns.c.id).where(campaigns.c.status.in_(RUNNING))).scalars().all()
            taken: list[Any] = []
            for campaign_id in running:
                if len(taken) < limit:
                    taken.extend(self._claim_of(session, campaign_id, limit - len(taken)))
            return _with_contacts(session, taken)

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

    def begin(self, address_hashes: Mapping[str, str]) -> Clearance:
        """Right before sending: which may go, marked durably. Raises SenderExpired."""
        with self._database.transaction() as session:
            self._senders.check(session)
            refused = SqlSuppressions(session, self._outbox).among(set(filter(None, address_hashes.values())))
            suppressed = frozenset(each for each, digest in address_hashes.items() if digest in refused)
            mine = _owned(self._senders.me) & messages.c.id.in_(
                [each for each in address_hashes if each not in suppressed]
            )
            runs = messages.c.campaign_id.in_(select(campaigns.c.id).where(campaigns.c.status.in_(RUNNING)))
            marked = update(messages).where(mine & runs).values(status=_Q.SENDING).returning(messages.c.id)
            go = frozenset(session.execute(marked).scalars())
            held = update(messages).where(mine, messages.c.status == _Q.CLAIMED)
            session.execute(held.values(status=_Q.QUEUED, claimed_by=None))
        return Clearance(go, suppressed)

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """Record what became of messages that this process owns, and tell the final ones; each once."""
        with self._database.transaction() as session:
            by_id = {each.message_id: each for each in settlements}
            owned = self._still_owned(session, by_id)
            for row in owned:
                if is_stand_in(row.profile_id):  # what a mail server says may name whom it refused
                    by_id[row.id] = replace(by_id[row.id], reason=None)
            now = database_now(session)
            self._store(session, [by_id[row.id] for row in owned], now)
            facts = [
                dispatched(
                    message_id=row.id,
                    campaign_id=row.campaign_id,
                    profile_id=row.profile_id,
                    outcome=by_id[row.id].status,
                    at=now,
                    attempts=by_id[row.id].attempts,
                    reason=by_id[row.id].reason,
                    traceparent=row.traceparent,
                )
                for row in owned
                if by_id[row.id].status in FINAL
            ]
            self._outbox.add(session, facts)

    def _still_owned(self, session: Session, by_id: Mapping[str, Settlement]) -> Sequence[Any]:
        return session.execute(
            select(messages.c.id, messages.c.campaign_id, messages.c.profile_id, campaigns.c.traceparent)
            .join(campaigns, campaigns.c.id == messages.c.campaign_id)
            .where(messages.c.id.in_(list(by_id)), _owned(self._senders.me))
            .with_for_update(of=messages)
        ).all()

    def _store(self, session: Session, settlements: Sequence[Settlement], now: Any) -> None:
        """Messages that became the same are stored by one statement."""
        final = [each for each in settlements if each.status in FINAL]
        final.sort(key=_became)
        for (status, attempts, reason), same in groupby(final, key=_became):
            these = messages.c.id.in_([each.message_id for each in same])
            values = {"status": status, "attempts": attempts, "reason": reason or None, "settled_at": now}
            session.execute(update(messages).where(these).values(claimed_by=None, **values))
        again = [
            {
                "this": each.message_id,
                "now_attempts": each.attempts,
                "now_reason": each.reason,
                "now_due": now + timedelta(seconds=each.retry_in_s or 0.0),
            }
            for each in settlements
            if each.status not in FINAL
        ]
        if again:
            session.connection().execute(_REQUEUE, again)

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


_REQUEUE = (
    update(messages)
    .where(messages.c.id == bindparam("this"))
    .values(
        status=_Q.QUEUED,
        claimed_by=None,
        attempts=bindparam("now_attempts"),
        reason=bindparam("now_reason"),
        due_at=bindparam("now_due"),
    )
)


def _owned(owner: str) -> Any:
    return (messages.c.claimed_by == owner) & messages.c.status.in_((_Q.CLAIMED, _Q.SENDING))


def _became(settlement: Settlement) -> tuple[str, int, str]:
    return settlement.status, settlement.attempts, settlement.reason or ""


def _with_contacts(session: Session, taken: Sequence[Any]) -> list[Claimed]:
    wanted = contacts.c.profile_id.in_([row.profile_id for row in taken])
    known = (
        {row.profile_id: contact_from(row) for row in session.execute(select(contacts).where(wanted))} if taken else {}
    )
    return [Claimed(row.id, row.campaign_id, row.attempts, known.get(row.profile_id)) for row in taken]
