"""What can be wrong with what a caller asks; a capability with a folder of its own has its errors there.

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
