"""Erasing customers from messaging's tables. What was sent stays counted, and nobody can tell to whom."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from services.messaging.adapters.sql.skipping import skip
from services.messaging.adapters.sql.tables import campaigns, contacts, memberships, merges, messages
from services.messaging.domain.deliveries import NOT_SENT, SkipReason, stand_in
from shared.contracts.about import names_erased
from shared.contracts.profile import ProfileErasedV1
from shared.erased_names import Erased, ErasedNames
from shared.inbox.dead_letters import forget_dead_letters
from shared.outbox.outbox import Outbox


def erase(session: Session, fact: ProfileErasedV1, *, names: ErasedNames, outbox: Outbox) -> None:
    """Delete the copies and give messages a stand-in for whom they were to; those not sent yet are not sent.

    Suppressions stay: they are keyed hashes of addresses, and a refusal holds also of whom we do not know any more.
    """
    names.add(names_erased(fact), Erased(fact.erasure_id, fact.erased_at))
    ids = fact.profile_ids
    for table in (contacts, memberships):
        session.execute(delete(table).where(table.c.profile_id.in_(ids)))
    session.execute(delete(merges).where(merges.c.merged_id.in_(ids) | merges.c.survivor_id.in_(ids)))
    theirs = session.execute(
        select(messages, campaigns.c.traceparent)
        .join(campaigns, campaigns.c.id == messages.c.campaign_id)
        .where(messages.c.profile_id.in_(ids))
        .with_for_update(of=messages)
    ).all()
    for row in theirs:
        nobody = {"profile_id": stand_in(row.id), "reason": None, "dedup_key": None}
        session.execute(update(messages).where(messages.c.id == row.id).values(nobody))
    unsent = [row for row in theirs if row.status in NOT_SENT]
    skip(session, outbox, unsent, SkipReason.ERASED, told_of=lambda row: stand_in(row.id))
    forget_dead_letters(session, {*fact.subjects, *ids})
