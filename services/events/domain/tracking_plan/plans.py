"""Tracking plans, and the judgement of a call by those that bind its source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Literal

from services.events.domain.json_pointers import pointer_to
from services.events.domain.kinds import Kind

Mode = Literal["allow", "flag", "block"]
"""What becomes of a call that breaks the plan: kept as it is, kept with flaws, or held in quarantine."""

Call = Mapping[str, Any]

UNPLANNED = "unplanned"
MAX_VIOLATIONS = 20
"""Kept of one call."""

MAX_POINTER = 300

_SEVERITY: Mapping[Mode, int] = {"allow": 0, "flag": 1, "block": 2}


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing in a call that a schema does not allow: where (a JSON pointer, any place of a list is `*`) and why."""

    pointer: str
    keyword: str
    message: str


Check = Callable[[Call], Sequence[Violation]]
"""A compiled schema: what of a call it does not allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the sources it binds may send; `source_ids` is None when it binds all. `unplanned` is about track calls."""

    id: str
    name: str
    source_ids: frozenset[str] | None
    mode: Mode
    unplanned: Mode
    created_at: datetime
    updated_at: datetime
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The schema of one kind of call, or of one event of that kind. Once published it stays as it is."""

    id: str
    plan_id: str
    kind: Kind
    event: str | None
    version: int
    schema: Mapping[str, Any]
    description: str
    created_at: datetime
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Breach:
    """One violation of one plan, and what that plan does about it."""

    plan_id: str
    mode: Mode
    kind: str
    event: str | None
    violation: Violation

    @property
    def rule_id(self) -> str:
        """The same for all calls that break the same keyword at the same place of the same event."""
        parts = (self.plan_id, self.kind, self.event or "", self.violation.pointer, self.violation.keyword)
        return blake2b("\x00".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a call; the strictest of the broken plans decides what becomes of it."""

    breaches: tuple[Breach, ...]

    @property
    def mode(self) -> Mode:
        """What becomes of the call."""
        return max((breach.mode for breach in self.breaches), key=_SEVERITY.__getitem__)


class PlanBook:
    """All plans in force, with their published rules compiled."""

    def __init__(self, plans: Iterable[tuple[Plan, Iterable[tuple[Rule, Check]]]]) -> None:
        self._plans = [(plan, _by_event(rules)) for plan, rules in plans]
        self._bound: dict[str, list[tuple[Plan, _Rules]]] = {}

    def __bool__(self) -> bool:
        return bool(self._plans)

    def judge(
        self, read: Callable[[], Call], *, source_id: str, kind: str, event: str | None, version: object
    ) -> Verdict | None:
        """What is wrong with a call, None when nothing is. `read` is only asked for the call when a rule wants it.

        `version` is the version of the event's rule that the call names (Segment: `context.protocols.event_version`);
        the newest one counts where it names none that is published.
        """
        breaches: list[Breach] = []
        for plan, rules in self._binding(source_id):
            versions = rules.get((kind, event)) or rules.get((kind, None))
            if versions is not None:
                check = versions.get(_number(version)) or versions[max(versions)]
                breaches += (Breach(plan.id, plan.mode, kind, event, each) for each in check(read()))
            elif kind == "track" and plan.unplanned != "allow":
                violation = Violation("/event", UNPLANNED, "the plan has no such event")
                breaches.append(Breach(plan.id, plan.unplanned, kind, event, violation))
        return Verdict(tuple(breaches)) if breaches else None

    def _binding(self, source_id: str) -> Sequence[tuple[Plan, _Rules]]:
        bound = self._bound.get(source_id)
        if bound is None:
            bound = [
                (plan, rules) for plan, rules in self._plans if plan.source_ids is None or source_id in plan.source_ids
            ]
            self._bound[source_id] = bound
        return bound


_Rules = Mapping[tuple[str, str | None], Mapping[int, Check]]


def _by_event(rules: Iterable[tuple[Rule, Check]]) -> _Rules:
    found: dict[tuple[str, str | None], dict[int, Check]] = {}
    for rule, check in rules:
        found.setdefault((rule.kind, rule.event), {})[rule.version] = check
    return found


def _number(version: object) -> int:
    """A version as clients write it, 2 or `2`; 0, which no rule has, for anything else."""
    if isinstance(version, int) and not isinstance(version, bool):
        return version
    return int(version) if isinstance(version, str) and len(version) < 10 and version.isdecimal() else 0


def pointer_of(path: Iterable[str | int]) -> str:
    """The JSON pointer of a place in a call; every place of a list is the same rule."""
    return pointer_to("*" if isinstance(step, int) else step for step in path)[:MAX_POINTER]
