"""The rules of retention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.orm import Session

from services.events.adapters.sql.retention.tables import retention_rules as table
from services.events.domain.retention.errors import RetentionRuleNotFound, RetentionScopeTaken, TooManyRetentionRules
from services.events.domain.retention.policy import RetentionPolicy, Scope, Term
from services.events.use_cases.retention.ports import RetentionRule
from shared.sql.upsert import insert_for

MAX_RULES = 200


class SqlRetentionRules:
    """Rules in the session's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, rule: RetentionRule) -> None:
        """Keep a new rule. Raises RetentionScopeTaken or TooManyRetentionRules."""
        if (self._session.scalar(select(func.count()).select_from(table)) or 0) >= MAX_RULES:
            raise TooManyRetentionRules(f"there are {MAX_RULES} retention rules already; delete one first")
        made = insert_for(self._session, table).values(_values(rule)).on_conflict_do_nothing().returning(table.c.id)
        if self._session.scalar(made) is None:
            raise RetentionScopeTaken("a retention rule of this kind, name and channel is there already; change it")

    def get(self, rule_id: str, *, lock: bool = False) -> RetentionRule:
        """One rule, held until the transaction ends with `lock`. Raises RetentionRuleNotFound."""
        query = select(table).where(table.c.id == rule_id)
        row = self._session.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise RetentionRuleNotFound(f"no retention rule {rule_id}")
        return _rule(row)

    def save(self, rule: RetentionRule) -> None:
        """Replace a rule that was got with `lock`."""
        self._session.execute(update(table).where(table.c.id == rule.id).values(_values(rule)))

    def remove(self, rule_id: str) -> None:
        """Forget a rule."""
        self._session.execute(delete(table).where(table.c.id == rule_id))

    def all(self) -> Sequence[RetentionRule]:
        """Every rule, oldest first."""
        return [_rule(row) for row in self._session.execute(select(table).order_by(table.c.id))]

    def policy(self) -> RetentionPolicy:
        """What the rules say together."""
        return RetentionPolicy(rule.term for rule in self.all())


def _values(rule: RetentionRule) -> dict[str, Any]:
    scope = rule.term.scope
    return {
        "id": rule.id,
        "kind": scope.kind or "",
        "name": scope.name or "",
        "channel": scope.channel or "",
        "days": rule.term.days,
        "created_at": rule.created_at,
        "updated_at": rule.updated_at,
        "version": rule.version,
    }


def _rule(row: Row[Any]) -> RetentionRule:
    scope = Scope(kind=row.kind or None, name=row.name or None, channel=row.channel or None)
    return RetentionRule(
        id=row.id,
        term=Term(scope, row.days),
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )
