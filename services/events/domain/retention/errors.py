"""What can be wrong with a retention rule.

Tree::

    EventsError
     +-- RetentionRuleNotFound  no retention rule has this id
     +-- RetentionRuleChanged   the retention rule is not as the caller last saw it
     +-- RetentionScopeTaken    another retention rule is of the same touchpoints
     +-- TooManyRetentionRules  there are as many retention rules as there may be
"""

from __future__ import annotations

from services.events.domain.errors import EventsError


class RetentionRuleNotFound(EventsError):
    """No retention rule has this id."""


class RetentionRuleChanged(EventsError):
    """The retention rule is not as the caller last saw it; read it again."""


class RetentionScopeTaken(EventsError):
    """Another retention rule is of the same kind, name and channel."""


class TooManyRetentionRules(EventsError):
    """There are as many retention rules as there may be."""
