"""Keeping tracking plans: rules are drafted, tried, published, and from then on only replaced by a next version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from services.events.domain.kinds import Kind
from services.events.domain.tracking_plan.empty_ranges import refuse_empty_ranges
from services.events.domain.tracking_plan.errors import RulePublished
from services.events.domain.tracking_plan.plans import Mode, Plan, Rule
from services.events.domain.tracking_plan.schema_limits import check_limits
from services.events.use_cases.tracking_plan.ports import Compile, Plans
from shared.clock import Clock
from shared.ids import new_id
from shared.versions import check_seen


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPlan:
    """What a plan shall be."""

    name: str
    source_ids: frozenset[str] | None
    mode: Mode
    unplanned: Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRule:
    """What a rule shall be."""

    kind: Kind
    event: str | None
    schema: Mapping[str, Any]
    description: str


def create_plan(plans: Plans, wanted: WantedPlan, *, clock: Clock) -> Plan:
    """A new plan without rules. Raises TooManyPlans."""
    now = clock()
    plan = Plan(
        id=new_id(),
        name=wanted.name,
        source_ids=wanted.source_ids,
        mode=wanted.mode,
        unplanned=wanted.unplanned,
        created_at=now,
        updated_at=now,
    )
    plans.add(plan)
    return plan


def change_plan(plans: Plans, plan_id: str, wanted: WantedPlan, *, seen: int | None, clock: Clock) -> Plan:
    """Set what a plan is, if it is still the version `seen`. Raises PlanNotFound or VersionConflict."""
    plan = plans.get(plan_id, lock=True)
    check_seen(seen, current=plan.version)
    changed = replace(
        plan,
        name=wanted.name,
        source_ids=wanted.source_ids,
        mode=wanted.mode,
        unplanned=wanted.unplanned,
        updated_at=clock(),
        version=plan.version + 1,
    )
    plans.save(changed)
    return changed


def remove_plan(plans: Plans, plan_id: str) -> None:
    """Delete a plan and its rules; calls in quarantine stay there. Raises PlanNotFound."""
    plans.get(plan_id, lock=True)
    plans.remove(plan_id)


def draft_rule(plans: Plans, plan_id: str, wanted: WantedRule, *, compile_schema: Compile, clock: Clock) -> Rule:
    """The next version of an event's rule, as a draft. Raises PlanNotFound, SchemaRefused or TooManyPlans."""
    _check(wanted.schema, compile_schema)
    plans.get(plan_id, lock=True)
    rule = Rule(
        id=new_id(),
        plan_id=plan_id,
        kind=wanted.kind,
        event=wanted.event,
        version=plans.last_version(plan_id, kind=wanted.kind, event=wanted.event) + 1,
        schema=wanted.schema,
        description=wanted.description,
        created_at=clock(),
    )
    plans.add_rule(rule)
    return rule


def redraft_rule(
    plans: Plans, rule_id: str, *, schema: Mapping[str, Any], description: str, compile_schema: Compile
) -> Rule:
    """Change a draft. Raises RuleNotFound, RulePublished or SchemaRefused."""
    _check(schema, compile_schema)
    rule = plans.rule(rule_id, lock=True)
    if rule.published_at is not None:
        raise RulePublished(f"rule {rule_id} is published; draft the next version of it")
    changed = replace(rule, schema=schema, description=description)
    plans.save_rule(changed)
    return changed


def publish_rule(plans: Plans, rule_id: str, *, clock: Clock) -> Rule:
    """Put a draft in force; one that is published stays so. Raises RuleNotFound."""
    plan = plans.get(plans.rule(rule_id).plan_id, lock=True)
    rule = plans.rule(rule_id, lock=True)
    if rule.published_at is not None:
        return rule
    published = replace(rule, published_at=clock())
    plans.save_rule(published)
    plans.save(_next(plan, clock))
    return published


def remove_rule(plans: Plans, rule_id: str, *, clock: Clock) -> None:
    """Delete a rule; the version before it is in force again. Raises RuleNotFound."""
    plan = plans.get(plans.rule(rule_id).plan_id, lock=True)
    plans.rule(rule_id, lock=True)
    plans.remove_rule(rule_id)
    plans.save(_next(plan, clock))


def _check(schema: Mapping[str, Any], compile_schema: Compile) -> None:
    check_limits(schema)
    compile_schema(schema)
    refuse_empty_ranges(schema)


def _next(plan: Plan, clock: Clock) -> Plan:
    return replace(plan, version=plan.version + 1, updated_at=clock())
