"""What can be wrong with a tracking plan, or with a call in quarantine.

Tree::

    EventsError
     +-- PlanNotFound         no tracking plan has this id
     +-- RuleNotFound         no rule of a tracking plan has this id
     +-- TooManyPlans         as many tracking plans, or rules of one, as there may be
     +-- RulePublished        a published rule stays as it is; draft its next version
     +-- SchemaRefused        not a JSON Schema that is taken; says why
     +-- EntryNotFound        no call in quarantine has this id
     +-- EntryNotHeld         the call in quarantine is on its way, or was replayed
     +-- CorrectionRefused    a correction would make another message, or none; says why
"""

from __future__ import annotations

from services.events.domain.errors import EventsError


class PlanNotFound(EventsError):
    """No tracking plan has this id."""


class RuleNotFound(EventsError):
    """No rule of a tracking plan has this id."""


class TooManyPlans(EventsError):
    """There are as many tracking plans, or rules of one plan, as there may be."""


class RulePublished(EventsError):
    """A published rule stays as it is; draft its next version."""


class SchemaRefused(EventsError):
    """Not a JSON Schema (2020-12) that is taken; says why, and with `pointer` where in it."""

    def __init__(self, message: str, pointer: str | None = None) -> None:
        super().__init__(message)
        self.pointer = pointer


class EntryNotFound(EventsError):
    """No call in quarantine has this id."""


class EntryNotHeld(EventsError):
    """The call in quarantine is on its way to be recorded, or was recorded already."""


class CorrectionRefused(EventsError):
    """A correction would make another message of a call, or none; says why."""
