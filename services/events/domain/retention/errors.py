"""What can be wrong with a retention rule.

Tree::

    EventsError
     +-- RetentionRuleNotFound  no retention rule has this id
     +-- RetentionScopeTaken    another retention rule is of the same touchpoints
     +-- TooManyRetentionRules  there are as many retention rules as there may be
"""

from __future__ import annotations

from services.events.domain.errors import EventsError


class RetentionRuleNotFound(EventsError):
    """No retention rule has this id."""


class RetentionScopeTaken(EventsError):
    """Another retention rule is of the same kind, name and channel."""


class TooManyRetentionRules(EventsError):
    """There are as many retention rules as there may be."""
