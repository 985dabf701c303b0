"""How often each rule of a tracking plan was broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from services.events.adapters.sql.tracking_plan.tables import violations
from services.events.domain.kinds import Kind
from services.events.domain.tracking_plan.plans import Mode
from services.events.use_cases.tracking_plan.ports import Broken
from shared.sql.upsert import insert_for


@dataclass(frozen=True, slots=True)
class RuleViolations:
    """All calls that broke one rule. `sample` is the last: its source_id, message_id, and what was wrong."""

    rule_id: str
    plan_id: str
    kind: Kind
    event: str | None
    pointer: str
    keyword: str
    calls: int
    first_seen_at: datetime
    last_seen_at: datetime
    mode: Mode
    sample: dict[str, str]


class SqlViolations:
    """Counts in the session's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def count(self, broken: Sequence[Broken]) -> None:
        """Add these to the counts of their rules.

        Rows are taken in one order, so that two workers wait for each other and never for ever.
        """
        found: dict[str, dict[str, Any]] = {}
        for each in broken:
            row = found.get(each.breach.rule_id)
            found[each.breach.rule_id] = _row(each) if row is None else _added(row, each)
        if found:
            self._session.execute(_adding(self._session), [found[rule_id] for rule_id in sorted(found)])

    def page(
        self, *, plan_id: str | None, event: str | None, limit: int, before: tuple[datetime, str] | None
    ) -> Sequence[RuleViolations]:
        """Rules that were broken, the last one first, from behind a time and a rule id."""
        c = violations.c
        query = select(violations).order_by(c.last_seen_at.desc(), c.rule_id.desc()).limit(limit)
        if plan_id is not None:
            query = query.where(c.plan_id == plan_id)
        if event is not None:
            query = query.where(c.event == event)
        if before is not None:
            at, rule_id = before
            query = query.where((c.last_seen_at < at) | ((c.last_seen_at == at) & (c.rule_id < rule_id)))
        return [RuleViolations(**row._mapping) for row in self._session.execute(query)]


def _row(broken: Broken) -> dict[str, Any]:
    breach = broken.breach
    return {
        "rule_id": breach.rule_id,
        "plan_id": breach.plan_id,
        "kind": breach.kind,
        "event": breach.event,
        "pointer": breach.violation.pointer,
        "keyword": breach.violation.keyword,
        "calls": 1,
        "first_seen_at": broken.at,
        "last_seen_at": broken.at,
        "mode": breach.mode,
        "sample": {
            "source_id": broken.source_id,
            "message_id": broken.message_id,
            "message": breach.violation.message,
        },
    }


def _added(row: dict[str, Any], broken: Broken) -> dict[str, Any]:
    latest = _row(broken) if broken.at >= row["last_seen_at"] else row
    return {
        **latest,
        "calls": row["calls"] + 1,
        "first_seen_at": min(row["first_seen_at"], broken.at),
        "last_seen_at": max(row["last_seen_at"], broken.at),
    }


def _adding(session: Session) -> Any:
    made, c = insert_for(session, violations), violations.c
    least, greatest = (func.least, func.greatest) if session.get_bind().dialect.name == "postgresql" else _EXTREMES
    is_later = made.excluded.last_seen_at >= c.last_seen_at
    return made.on_conflict_do_update(
        index_elements=["rule_id"],
        set_={
            "calls": c.calls + made.excluded.calls,
            "first_seen_at": least(c.first_seen_at, made.excluded.first_seen_at),
            "last_seen_at": greatest(c.last_seen_at, made.excluded.last_seen_at),
            "mode": case((is_later, made.excluded.mode), else_=c.mode),
            "sample": case((is_later, made.excluded.sample), else_=c.sample),
        },
    )


_EXTREMES = (func.min, func.max)
"""SQLite's scalar functions of two arguments."""
