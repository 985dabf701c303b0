"""What can be wrong with what a caller asks.

Tree::

    EventsError
     +-- InvalidCall            a call breaks the tracking API's rules; says which one of a batch
     +-- TooLarge               a call, a batch or a body exceeds a limit
     +-- UnknownWriteKey        no live source has this write key
     +-- SourceNotFound
     +-- WriteKeyNotFound
     +-- TouchpointNotFound
     +-- TooManyWriteKeys       a source may have two live keys, one to leave and one to arrive
     +-- EndpointNotFound       no webhook endpoint of the caller's has this id
     +-- DeliveryNotFound       no webhook delivery of the caller's has this id
     +-- DestinationRefused     a webhook's URL leads where webhooks may not go
     +-- TooManySecrets         too many secrets of a webhook endpoint sign at once
     +-- TooManyEndpoints       one owner has as many webhook endpoints as there may be
     +-- EndpointChanged        the webhook endpoint is not as the caller last saw it
     +-- ReplayNotFound         no replay of the caller's has this id
     +-- ReplayRunning          a replay to this webhook endpoint is under way
     +-- WindowRefused          a replay cannot cover the time that was asked for; says why
     +-- PlanNotFound           no tracking plan has this id
     +-- RuleNotFound           no rule of a tracking plan has this id
     +-- PlanChanged            the tracking plan is not as the caller last saw it
     +-- TooManyPlans           as many tracking plans, or rules of one, as there may be
     +-- RulePublished          a published rule stays as it is; draft its next version
     +-- SchemaRefused          not a JSON Schema that is taken; says why
     +-- EntryNotFound          no call in quarantine has this id
     +-- EntryNotHeld           the call in quarantine is on its way, or was replayed
     +-- CorrectionRefused      a correction would make another message, or none; says why
     +-- ArchiveFileNotFound    no file of the archive has this id, or has it any more
     +-- RetentionRuleNotFound  no retention rule has this id
     +-- RetentionRuleChanged   the retention rule is not as the caller last saw it
     +-- RetentionScopeTaken    another retention rule is of the same touchpoints
     +-- TooManyRetentionRules  there are as many retention rules as there may be
"""

from __future__ import annotations


class EventsError(Exception):
    """The base of all that this service refuses."""


class InvalidCall(EventsError):
    """A call breaks the tracking API's rules. `code` is a stable short name.

    `index` is its place in the batch, `within` a JSON pointer to what is wrong, from the call if `index` is known.
    """

    def __init__(self, code: str, message: str, *, index: int | None = None, within: str = "") -> None:
        super().__init__(message if index is None else f"batch[{index}]: {message}")
        self.code = code
        self.index = index
        self.within = within

    @property
    def where(self) -> str | None:
        """A JSON pointer into the body; None when nothing is known but that the body is wrong."""
        return (self.within or None) if self.index is None else f"/batch/{self.index}{self.within}"


class TooLarge(InvalidCall):
    """A call, a batch or a body exceeds a limit."""


class UnknownWriteKey(EventsError):
    """No live source has this write key."""


class SourceNotFound(EventsError):
    """No source has this id."""


class WriteKeyNotFound(EventsError):
    """The source has no live write key with this id."""


class TouchpointNotFound(EventsError):
    """No touchpoint has this id."""


class TooManyWriteKeys(EventsError):
    """The source has two live write keys already; revoke one first."""


class EndpointNotFound(EventsError):
    """No webhook endpoint that the caller may see has this id."""


class DeliveryNotFound(EventsError):
    """No webhook delivery that the caller may see has this id."""


class DestinationRefused(EventsError):
    """A webhook's URL leads where webhooks may not go; says why."""


class TooManySecrets(EventsError):
    """Too many secrets of a webhook endpoint sign at once."""


class TooManyEndpoints(EventsError):
    """One owner has as many webhook endpoints as there may be."""


class EndpointChanged(EventsError):
    """The webhook endpoint is not as the caller last saw it; read it again."""


class ReplayNotFound(EventsError):
    """No replay that the caller may see has this id."""


class ReplayRunning(EventsError):
    """A replay to this webhook endpoint is under way; wait for its end or cancel it."""


class WindowRefused(EventsError):
    """A replay cannot cover the time that was asked for; says why."""


class PlanNotFound(EventsError):
    """No tracking plan has this id."""


class RuleNotFound(EventsError):
    """No rule of a tracking plan has this id."""


class PlanChanged(EventsError):
    """The tracking plan is not as the caller last saw it; read it again."""


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


class ArchiveFileNotFound(EventsError):
    """No file of the archive has this id, or has it any more."""


class RetentionRuleNotFound(EventsError):
    """No retention rule has this id."""


class RetentionRuleChanged(EventsError):
    """The retention rule is not as the caller last saw it; read it again."""


class RetentionScopeTaken(EventsError):
    """Another retention rule is of the same kind, name and channel."""


class TooManyRetentionRules(EventsError):
    """There are as many retention rules as there may be."""
