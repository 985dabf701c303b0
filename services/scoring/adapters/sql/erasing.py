"""Erasing customers from scoring's tables."""

from __future__ import annotations

from sqlalchemy import Table, delete, or_
from sqlalchemy.orm import Session

from services.scoring.adapters.sql.tables import order_statements, profiles, scores, subjects
from shared.contracts.about import names_erased
from shared.contracts.profile import ProfileErasedV1
from shared.erased_names import Erased, ErasedNames
from shared.inbox.dead_letters import forget_dead_letters

_OF_A_PROFILE: tuple[Table, ...] = (subjects, profiles, scores)


def erase(session: Session, fact: ProfileErasedV1, names: ErasedNames) -> None:
    """Delete what is known of a customer until then; statements whose arrival was not noted are of before."""
    names.add(names_erased(fact), Erased(fact.erasure_id, fact.erased_at))
    o = order_statements.c
    early = or_(o.received_at.is_(None), o.received_at <= fact.erased_at)
    session.execute(delete(order_statements).where(o.subject.in_(fact.subjects), early))
    for table in _OF_A_PROFILE:
        session.execute(delete(table).where(table.c.profile_id.in_(fact.profile_ids)))
    session.execute(delete(profiles).where(profiles.c.survivor_id.in_(fact.profile_ids)))
    forget_dead_letters(session, {*fact.subjects, *fact.profile_ids})
