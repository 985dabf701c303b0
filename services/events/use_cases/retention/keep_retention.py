"""Keeping the rules of retention."""

from __future__ import annotations

from dataclasses import replace

from services.events.domain.retention.policy import Term
from services.events.use_cases.retention.ports import RetentionRule, RetentionRules
from shared.clock import Clock
from shared.ids import new_id
from shared.versions import check_seen


def create_retention_rule(rules: RetentionRules, term: Term, *, clock: Clock) -> RetentionRule:
    """A new rule. Raises RetentionScopeTaken or TooManyRetentionRules."""
    now = clock()
    rule = RetentionRule(id=new_id(), term=term, created_at=now, updated_at=now)
    rules.add(rule)
    return rule


def change_retention_rule(
    rules: RetentionRules, rule_id: str, *, days: int | None, seen: int | None, clock: Clock
) -> RetentionRule:
    """Set for how long, if it is still the version `seen`. Raises RetentionRuleNotFound or VersionConflict."""
    rule = _as_seen(rules, rule_id, seen)
    changed = replace(rule, term=Term(rule.term.scope, days), updated_at=clock(), version=rule.version + 1)
    rules.save(changed)
    return changed


def remove_retention_rule(rules: RetentionRules, rule_id: str, *, seen: int | None) -> None:
    """Delete a rule, if it is still the version `seen`. Raises RetentionRuleNotFound or VersionConflict."""
    _as_seen(rules, rule_id, seen)
    rules.remove(rule_id)


def _as_seen(rules: RetentionRules, rule_id: str, seen: int | None) -> RetentionRule:
    rule = rules.get(rule_id, lock=True)
    check_seen(seen, current=rule.version)
    return rule
