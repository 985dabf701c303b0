"""Campaigns on their way from segment to messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session

from services.messaging.adapters.sql.campaigns import traces_of
from services.messaging.adapters.sql.read_copies import contact_from
from services.messaging.adapters.sql.tables import campaigns, contacts, memberships, messages
from services.messaging.domain.campaigns import CampaignStatus
from services.messaging.domain.contacts import Contact
from services.messaging.domain.deliveries import OPEN, MessageStatus, SkipReason
from services.messaging.use_cases.audience_ports import Preparation, Recipient, Skipped
from shared.contracts.contract import Contract
from shared.outbox.outbox import Outbox
from shared.sql.present import database_now
from shared.sql.upsert import insert_for


class SqlAudiences:
    """Audiences, in one session."""

    def __init__(self, session: Session, outbox: Outbox) -> None:
        self._session = session
        self._outbox = outbox

    def start_due(self) -> int:
        """Begin campaigns whose time has come; how many."""
        now = database_now(self._session)
        due = (campaigns.c.status == CampaignStatus.SCHEDULED) & or_(
            campaigns.c.send_at.is_(None), campaigns.c.send_at <= now
        )
        begun = (
            update(campaigns)
            .where(due)
            .values(status=CampaignStatus.PREPARING, audience_id=None)
            .returning(campaigns.c.id)
        )
        return len(self._session.execute(begun).all())

    def lock_preparing(self) -> Preparation | None:
        """A campaign whose audience can be taken, which no other process is at; None when there is none."""
        row = self._session.execute(
            select(campaigns)
            .where(campaigns.c.status == CampaignStatus.PREPARING, campaigns.c.audience_whole_at.is_not(None))
            .order_by(campaigns.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if row is None:
            return None
        return Preparation(row.id, row.segment_id, row.kind, row.audience_cursor, row.traceparent)

    def members(self, preparation: Preparation, limit: int) -> Sequence[Contact]:
        """The next members after the cursor, by profile id; a member without a known contact has no address."""
        page = (
            select(memberships.c.profile_id.label("member_id"), contacts)
            .outerjoin(contacts, contacts.c.profile_id == memberships.c.profile_id)
            .where(
                memberships.c.segment_id == preparation.segment_id,
                memberships.c.member,
                memberships.c.profile_id > preparation.cursor,
            )
            .order_by(memberships.c.profile_id)
            .limit(limit)
        )
        rows = self._session.execute(page)
        return [contact_from(row) if row.profile_id is not None else Contact(row.member_id) for row in rows]

    def add_messages(self, preparation: Preparation, recipients: Sequence[Recipient]) -> frozenset[str]:
        """Store those whose profile and `dedup_key` have no message yet; the message ids that were stored."""
        if not recipients:
            return frozenset()
        now = database_now(self._session)
        rows = [
            {
                "id": recipient.message_id,
                "campaign_id": preparation.campaign_id,
                "profile_id": recipient.profile_id,
                "status": MessageStatus.SKIPPED if recipient.skipped else MessageStatus.QUEUED,
                "due_at": now,
                "attempts": 0,
                "reason": recipient.skipped,
                "dedup_key": recipient.dedup_key,
                "created_at": now,
                "settled_at": now if recipient.skipped else None,
            }
            for recipient in recipients
        ]
        insert = insert_for(self._session, messages).on_conflict_do_nothing().returning(messages.c.id)
        return frozenset(self._session.execute(insert, rows).scalars())

    def advance(self, preparation: Preparation, *, cursor: str | None, added: int) -> None:
        """Remember how far the audience was taken; `cursor` None when it is complete."""
        moved = {"audience_cursor": cursor} if cursor is not None else {"status": CampaignStatus.SENDING}
        size = campaigns.c.audience_size + added
        this = update(campaigns).where(campaigns.c.id == preparation.campaign_id)
        self._session.execute(this.values(audience_size=size, **moved))

    def skip_cancelled(self, limit: int) -> Sequence[Skipped]:
        """Skip queued messages of cancelled campaigns; which."""
        cancelled = select(campaigns.c.id).where(campaigns.c.status == CampaignStatus.CANCELLED)
        page = (
            select(messages.c.id)
            .where(messages.c.campaign_id.in_(cancelled), messages.c.status == MessageStatus.QUEUED)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        skip = update(messages).where(messages.c.id.in_(page))
        values = {
            "status": MessageStatus.SKIPPED,
            "reason": SkipReason.CANCELLED,
            "settled_at": database_now(self._session),
        }
        rows = self._session.execute(
            skip.values(values).returning(messages.c.id, messages.c.campaign_id, messages.c.profile_id)
        ).all()
        traces = traces_of(self._session, {row.campaign_id for row in rows})
        return [Skipped(row.id, row.campaign_id, row.profile_id, traces[row.campaign_id]) for row in rows]

    def complete(self) -> int:
        """Complete campaigns of which every message is final; how many."""
        is_open = (messages.c.campaign_id == campaigns.c.id) & messages.c.status.in_(OPEN)
        over = (campaigns.c.status == CampaignStatus.SENDING) & ~exists().where(is_open)
        done = {"status": CampaignStatus.COMPLETED, "completed_at": database_now(self._session)}
        ended = update(campaigns).where(over).values(done).returning(campaigns.c.id)
        return len(self._session.execute(ended).all())

    def tell(self, facts: Iterable[Contract]) -> None:
        """Facts that leave with the commit."""
        self._outbox.add(self._session, facts)
