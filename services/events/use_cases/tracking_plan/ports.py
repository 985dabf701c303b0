"""What tracking plans and the quarantine need of the world."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from services.events.domain.tracking_plan.plans import Breach, Check, Plan, Rule

Compile = Callable[[Mapping[str, Any]], Check]
"""Compiles a JSON Schema. Raises SchemaRefused."""

EntryState = Literal["held", "replaying", "replayed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A call that was blocked. `call` is its JSON with all that its request shared, and all corrections.

    `original` is the call as it was blocked, `subject` and `event` are those of the call as it is now; `message_hash`
    stands for its source and message id.
    """

    id: str
    message_hash: bytes
    source_id: str
    message_id: str
    subject: str
    kind: str
    event: str | None
    received_at: datetime
    held_at: datetime
    original: bytes
    call: bytes
    breaches: tuple[Breach, ...]
    state: EntryState = "held"
    corrected_at: datetime | None = None
    touchpoint_id: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that one call broke, with that call as the sample."""

    breach: Breach
    source_id: str
    message_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which calls in quarantine are meant."""

    event: str | None = None
    source_id: str | None = None
    rule_id: str | None = None


class Plans(Protocol):
    """Tracking plans and their rules, in the caller's transaction."""

    def add(self, plan: Plan) -> None:
        """Keep a new plan. Raises TooManyPlans."""
        ...

    def get(self, plan_id: str, *, lock: bool = False) -> Plan:
        """One plan, held until the transaction ends with `lock`. Raises PlanNotFound."""
        ...

    def save(self, plan: Plan) -> None:
        """Replace what is kept of a plan that was got with `lock`."""
        ...

    def remove(self, plan_id: str) -> None:
        """Forget a plan and its rules."""
        ...

    def add_rule(self, rule: Rule) -> None:
        """Keep a new rule of a plan that was got with `lock`. Raises TooManyPlans."""
        ...

    def rule(self, rule_id: str, *, lock: bool = False) -> Rule:
        """One rule, held until the transaction ends with `lock`. Raises RuleNotFound."""
        ...

    def save_rule(self, rule: Rule) -> None:
        """Replace what is kept of a rule that was got with `lock`."""
        ...

    def remove_rule(self, rule_id: str) -> None:
        """Forget a rule."""
        ...

    def last_version(self, plan_id: str, *, kind: str, event: str | None) -> int:
        """The highest version of the rules of one event, drafts too; 0 when there is none."""
        ...


class ViolationCounts(Protocol):
    """How often each rule was broken, in the caller's transaction."""

    def count(self, broken: Sequence[Broken]) -> None:
        """Add these to the counts of their rules."""
        ...


class Quarantine(Protocol):
    """Calls that were blocked, in the caller's transaction."""

    def is_in_use(self) -> bool:
        """Whether any call was ever held that is not deleted yet."""
        ...

    def find(self, hashes: Collection[bytes]) -> Mapping[bytes, Entry]:
        """The entries of these messages, held until the transaction ends."""
        ...

    def hold(self, entry: Entry) -> bool:
        """Keep a blocked call; False when its message is there already."""
        ...

    def save(self, entry: Entry) -> None:
        """Replace what is kept of an entry."""
        ...

    def get(self, entry_id: str, *, lock: bool = False) -> Entry:
        """One entry, held until the transaction ends with `lock`. Raises EntryNotFound."""
        ...

    def held(self, wanted: EntryFilter, *, limit: int, after: str | None) -> Sequence[Entry]:
        """Entries in state `held`, oldest first, from behind the id `after`, until the transaction ends."""
        ...

    def remove(self, entry_id: str) -> None:
        """Forget an entry."""
        ...
