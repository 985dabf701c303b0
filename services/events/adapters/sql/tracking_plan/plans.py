"""Tracking plans and their rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.orm import Session

from services.events.adapters.sql.tracking_plan.tables import plans, rules
from services.events.domain.tracking_plan.errors import PlanNotFound, RuleNotFound, TooManyPlans
from services.events.domain.tracking_plan.plans import Plan, Rule

MAX_PLANS = 200
MAX_RULES = 2_000


class SqlPlans:
    """Plans in the session's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, plan: Plan) -> None:
        """Keep a new plan. Raises TooManyPlans."""
        if (self._session.scalar(select(func.count()).select_from(plans)) or 0) >= MAX_PLANS:
            raise TooManyPlans(f"there are {MAX_PLANS} tracking plans already; delete one first")
        self._session.execute(insert(plans).values(_plan_values(plan)))

    def get(self, plan_id: str, *, lock: bool = False) -> Plan:
        """One plan, held until the transaction ends with `lock`. Raises PlanNotFound."""
        query = select(plans).where(plans.c.id == plan_id)
        row = self._session.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise PlanNotFound(f"no tracking plan {plan_id}")
        return _plan(row)

    def page(self, *, limit: int, before: str | None) -> Sequence[Plan]:
        """Plans, newest first, from behind the id `before`."""
        query = select(plans).order_by(plans.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(plans.c.id < before)
        return [_plan(row) for row in self._session.execute(query)]

    def save(self, plan: Plan) -> None:
        """Replace what is kept of a plan that was got with `lock`."""
        self._session.execute(update(plans).where(plans.c.id == plan.id).values(_plan_values(plan)))

    def remove(self, plan_id: str) -> None:
        """Forget a plan and its rules."""
        self._session.execute(delete(rules).where(rules.c.plan_id == plan_id))
        self._session.execute(delete(plans).where(plans.c.id == plan_id))

    def add_rule(self, rule: Rule) -> None:
        """Keep a new rule of a plan that was got with `lock`. Raises TooManyPlans."""
        of_plan = select(func.count()).select_from(rules).where(rules.c.plan_id == rule.plan_id)
        if (self._session.scalar(of_plan) or 0) >= MAX_RULES:
            raise TooManyPlans(f"the tracking plan has {MAX_RULES} rules already; delete one first")
        self._session.execute(insert(rules).values(_rule_values(rule)))

    def rule(self, rule_id: str, *, lock: bool = False) -> Rule:
        """One rule, held until the transaction ends with `lock`. Raises RuleNotFound."""
        query = select(rules).where(rules.c.id == rule_id)
        row = self._session.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise RuleNotFound(f"no rule {rule_id}")
        return _rule(row)

    def rules_page(self, plan_id: str, *, limit: int, before: str | None) -> Sequence[Rule]:
        """The rules of one plan, newest first, from behind the id `before`."""
        query = select(rules).where(rules.c.plan_id == plan_id).order_by(rules.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(rules.c.id < before)
        return [_rule(row) for row in self._session.execute(query)]

    def save_rule(self, rule: Rule) -> None:
        """Replace what is kept of a rule that was got with `lock`."""
        self._session.execute(update(rules).where(rules.c.id == rule.id).values(_rule_values(rule)))

    def remove_rule(self, rule_id: str) -> None:
        """Forget a rule."""
        self._session.execute(delete(rules).where(rules.c.id == rule_id))

    def last_version(self, plan_id: str, *, kind: str, event: str | None) -> int:
        """The highest version of the rules of one event, drafts too; 0 when there is none."""
        named = (rules.c.plan_id == plan_id) & (rules.c.kind == kind) & (rules.c.event == (event or ""))
        return self._session.scalar(select(func.max(rules.c.version)).where(named)) or 0

    def versions(self) -> frozenset[tuple[str, int]]:
        """Every plan's id and version: what is in force changes only together with these."""
        return frozenset((row.id, row.version) for row in self._session.execute(select(plans.c.id, plans.c.version)))

    def in_force(self) -> list[tuple[Plan, list[Rule]]]:
        """Every plan with its published rules."""
        published: dict[str, list[Rule]] = {}
        for row in self._session.execute(select(rules).where(rules.c.published_at.is_not(None))):
            published.setdefault(row.plan_id, []).append(_rule(row))
        found = self._session.execute(select(plans).order_by(plans.c.id))
        return [(_plan(row), published.get(row.id, [])) for row in found]


def _plan_values(plan: Plan) -> dict[str, Any]:
    return {
        "id": plan.id,
        "name": plan.name,
        "source_ids": None if plan.source_ids is None else sorted(plan.source_ids),
        "mode": plan.mode,
        "unplanned": plan.unplanned,
        "created_at": plan.created_at,
        "updated_at": plan.updated_at,
        "version": plan.version,
    }


def _plan(row: Row[Any]) -> Plan:
    return Plan(
        id=row.id,
        name=row.name,
        source_ids=None if row.source_ids is None else frozenset(row.source_ids),
        mode=row.mode,
        unplanned=row.unplanned,
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )


def _rule_values(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "plan_id": rule.plan_id,
        "kind": rule.kind,
        "event": rule.event or "",
        "version": rule.version,
        "schema": msgspec.json.encode(rule.schema),
        "description": rule.description,
        "created_at": rule.created_at,
        "published_at": rule.published_at,
    }


def _rule(row: Row[Any]) -> Rule:
    return Rule(
        id=row.id,
        plan_id=row.plan_id,
        kind=row.kind,
        event=row.event or None,
        version=row.version,
        schema=msgspec.json.decode(row.schema),
        description=row.description,
        created_at=row.created_at,
        published_at=row.published_at,
    )
