"""The plans in force, compiled once and kept for as long as they stay what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.events.adapters.sql.tracking_plan.plans import SqlPlans
from services.events.domain.tracking_plan.plans import Check, PlanBook, Rule
from services.events.use_cases.tracking_plan.ports import Compile


class PlanShelf:
    """One process's compiled plans. Published rules never change, so each is compiled once."""

    def __init__(self, compile_schema: Compile) -> None:
        self._compile = compile_schema
        self._kept = _Kept(frozenset(), {}, PlanBook(()))

    def current(self, session: Session) -> PlanBook:
        """The plans as the session's transaction sees them."""
        plans = SqlPlans(session)
        versions, kept = plans.versions(), self._kept
        if versions == kept.versions:
            return kept.book
        in_force = plans.in_force()
        checks = {rule.id: kept.checks.get(rule.id) or self._check(rule) for _, rules in in_force for rule in rules}
        book = PlanBook((plan, [(rule, checks[rule.id]) for rule in rules]) for plan, rules in in_force)
        self._kept = _Kept(versions, checks, book)
        return book

    def _check(self, rule: Rule) -> Check:
        return self._compile(rule.schema)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What belongs together, replaced at once: several threads read it."""

    versions: frozenset[tuple[str, int]]
    checks: Mapping[str, Check]
    book: PlanBook
