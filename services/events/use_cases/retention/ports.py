"""What retention needs of the world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.events.domain.retention.policy import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule:
    """A term as it is kept; `version` grows with every change."""

    id: str
    term: Term
    created_at: datetime
    updated_at: datetime
    version: int = 1


class RetentionRules(Protocol):
    """The rules, in the caller's transaction."""

    def add(self, rule: RetentionRule) -> None:
        """Keep a new rule. Raises RetentionScopeTaken or TooManyRetentionRules."""
        ...

    def get(self, rule_id: str, *, lock: bool = False) -> RetentionRule:
        """One rule, held until the transaction ends with `lock`. Raises RetentionRuleNotFound."""
        ...

    def save(self, rule: RetentionRule) -> None:
        """Replace a rule that was got with `lock`."""
        ...

    def remove(self, rule_id: str) -> None:
        """Forget a rule."""
        ...

    def all(self) -> Sequence[RetentionRule]:
        """Every rule, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """What one step removed, by kind, and whether it was the last of the sweep."""

    removed: Mapping[str, int]
    finished: bool


class DueTouchpoints(Protocol):
    """What is stored and due. Each call is a transaction of its own, with the rules as they are then."""

    def drop_wholly_due(self, now: datetime) -> Mapping[str, Mapping[str, int]]:
        """Drop the parts of the store in which everything is due: what was in each, by kind."""
        ...

    def remove_some(self, now: datetime) -> Step:
        """Judge the next touchpoints, a bounded number, from where the last step came to; remove what is due."""
        ...
