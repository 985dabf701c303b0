"""Totals over everything that messaging holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.messaging.adapters.sql.tables import campaigns, contacts, memberships, messages, suppressions, templates


def summarise(session: Session) -> Mapping[str, Any]:
    """Counts, named as the API tells them."""
    members = select(memberships.c.segment_id, func.count()).where(memberships.c.member)
    reachable = func.count(contacts.c.address)
    kept = select(func.count()).select_from(suppressions)
    return {
        "contacts": _count(session, select(func.count()).select_from(contacts)),
        "contacts_with_address": _count(session, select(reachable)),
        "segments": _by(session, members.group_by(memberships.c.segment_id)),
        "templates": _count(session, select(func.count()).select_from(templates)),
        "campaigns": _by(session, select(campaigns.c.status, func.count()).group_by(campaigns.c.status)),
        "messages": _by(session, select(messages.c.status, func.count()).group_by(messages.c.status)),
        "suppressions": _count(session, kept.where(~suppressions.c.bounced)),
        "bounced_addresses": _count(session, kept.where(suppressions.c.bounced)),
    }


def _count(session: Session, query: Any) -> int:
    number: int = session.execute(query).scalar_one()
    return number


def _by(session: Session, query: Any) -> dict[str, int]:
    return {row[0]: row[1] for row in session.execute(query)}
