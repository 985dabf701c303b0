"""What can be wrong with what a caller asks; imports, tracking plans and webhooks of either way have errors apart.

Tree::

    EventsError
     +-- InvalidCall            a call breaks the tracking API's rules; says which one of a batch
     |    +-- TooLarge          a call, a batch or a body exceeds a limit
     +-- UnknownWriteKey        no live source has this write key
     +-- SourceNotFound
     +-- WriteKeyNotFound
     +-- TouchpointNotFound
     +-- TooManyWriteKeys       a source may have two live keys, one to leave and one to arrive
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
