"""Touchpoints that are due: counted, removed some at a time, or dropped a whole month at once (PostgreSQL)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, false, func, null, select, text, true
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from services.events.adapters.sql.retention.partitions import FLOOR, Month, impatient, months_before
from services.events.adapters.sql.retention.rules import SqlRetentionRules
from services.events.adapters.sql.retention.tables import removed_touchpoints, retention_sweeps
from services.events.adapters.sql.tables import touchpoints
from services.events.domain.retention.policy import RetentionPolicy, Scope
from services.events.use_cases.retention.ports import Step
from shared.sql.database import Database
from shared.sql.upsert import insert_for

_JUDGED = 5_000
"""Touchpoints that one step looks at, so that no transaction lasts long."""
_LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's SQLSTATE; its driver, which knows it by a class, takes long to import beside SQLite."""
_c = touchpoints.c


class SqlDueTouchpoints:
    """Each call is a transaction of its own, with the rules as they are then."""

    def __init__(self, database: Database, *, judged: int = _JUDGED) -> None:
        self._database = database
        self._judged = judged

    def drop_wholly_due(self, now: datetime) -> Mapping[str, Mapping[str, int]]:
        """Drop the months in which everything is due: what was in each, by kind.

        A month that somebody reads for long is left for `remove_some`, and for the next time.
        """
        if self._database.dialect != "postgresql":
            return {}
        with self._database.reading() as session:
            months = months_before(session, now)
        dropped: dict[str, Mapping[str, int]] = {}
        for month in months:
            try:
                kinds = self._drop(month, now)
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                    raise
                continue
            if kinds is not None:
                dropped[month.name] = kinds
        return dropped

    def remove_some(self, now: datetime) -> Step:
        """Judge the next touchpoints in the order of their ids; remove what is due."""
        with self._database.transaction() as session:
            policy = SqlRetentionRules(session).policy()
            if not policy.removes:
                return Step({}, finished=True)
            position = session.scalar(select(retention_sweeps.c.position)) or ""
            ids = select(_c.id).where(_c.id > position).order_by(_c.id)
            last = session.scalar(ids.offset(self._judged - 1).limit(1))
            judged = _c.id > position if last is None else (_c.id > position) & (_c.id <= last)
            removed = Counter(session.scalars(delete(touchpoints).where(judged, _due(policy, now)).returning(_c.kind)))
            _count(session, removed)
            _stand_at(session, last, now)
        return Step(removed, finished=last is None)

    def _drop(self, month: Month, now: datetime) -> Mapping[str, int] | None:
        """What was in the month, by kind; None when something in it is to be kept."""
        within = (_c.id >= month.first_id) & (_c.id < month.end_id)
        with impatient(self._database) as session:
            policy = SqlRetentionRules(session).policy()
            if not policy.removes or session.scalar(select(_c.id).where(within, ~_due(policy, now)).limit(1)):
                return None
            rows = session.execute(select(_c.kind, func.count()).where(within).group_by(_c.kind))
            kinds = Counter({row[0]: row[1] for row in rows})
            if month.name == FLOOR and not kinds:
                return None
            _count(session, kinds)
            session.execute(text(f"{'TRUNCATE' if month.name == FLOOR else 'DROP TABLE'} {month.name}"))
        return kinds


class SqlRetentionPreview:
    """What would be removed, as the session sees it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def count_due(self, policy: RetentionPolicy, now: datetime) -> Sequence[int]:
        """How many touchpoints are due by each term, in the policy's order. Reads everything that is stored."""
        if not policy.removes:
            return [0] * len(policy.terms)
        terms: list[tuple[ColumnElement[bool], Any]] = []
        for number, (scope, cutoff) in enumerate(policy.cutoffs(now)):
            terms.append((_covered(scope), null() if cutoff is None else case((_c.occurred_at < cutoff, number))))
        judged = select(case(*terms).label("term")).select_from(touchpoints).subquery()
        query = select(judged.c.term, func.count()).where(judged.c.term.is_not(None)).group_by(judged.c.term)
        counts = {row[0]: row[1] for row in self._session.execute(query)}
        return [counts.get(number, 0) for number in range(len(policy.terms))]


def _due(policy: RetentionPolicy, now: datetime) -> ColumnElement[bool]:
    """Whether a touchpoint is due: true or false, never unknown."""
    terms = [
        (_covered(scope), false() if cutoff is None else _c.occurred_at < cutoff)
        for scope, cutoff in policy.cutoffs(now)
    ]
    return case(*terms, else_=false())


def _covered(scope: Scope) -> ColumnElement[bool]:
    stated = ((_c.kind, scope.kind), (_c.name, scope.name), (_c.channel, scope.channel))
    return and_(true(), *(column == asked for column, asked in stated if asked is not None))


def _count(session: Session, removed: Mapping[str, int]) -> None:
    if not removed:
        return
    made = insert_for(session, removed_touchpoints)
    total = removed_touchpoints.c.touchpoints + made.excluded.touchpoints
    adding = made.on_conflict_do_update(index_elements=["kind"], set_={"touchpoints": total})
    session.execute(adding, [{"kind": kind, "touchpoints": removed[kind]} for kind in sorted(removed)])


def _stand_at(session: Session, position: str | None, now: datetime) -> None:
    made = insert_for(session, retention_sweeps).values(id=1, position=position, finished_at=None if position else now)
    values = {"position": position} if position else {"position": None, "finished_at": now}
    session.execute(made.on_conflict_do_update(index_elements=["id"], set_=values))
