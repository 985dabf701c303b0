"""What can be wrong with an import.

Tree::

    EventsError
     +-- ImportMappingNotFound    no mapping has this name
     +-- ImportMappingTaken       there is a mapping of this name already
     +-- ImportFileNotFound       no file has this id, or it is kept no longer
     +-- ImportFileInUse          an import that has not ended reads the file
     +-- ImportNotFound           no import has this id
     +-- ImportEnded              the import has ended, so that it cannot be cancelled
     +-- UnusableFile             a file that no rows can be read of, or none that fit the mapping; says why
     +-- TooManyImports           as many mappings, files or unfinished imports as there may be
    CellRefused                   one cell cannot be what the mapping says it is; says what would be right
"""

from __future__ import annotations

from services.events.domain.errors import EventsError


class ImportMappingNotFound(EventsError):
    """No import mapping has this name."""


class ImportMappingTaken(EventsError):
    """There is an import mapping of this name already."""


class ImportFileNotFound(EventsError):
    """No file has this id, or it is kept no longer."""


class ImportFileInUse(EventsError):
    """An import that has not ended reads the file; cancel it first."""


class ImportNotFound(EventsError):
    """No import has this id."""


class ImportEnded(EventsError):
    """The import has ended, so that it cannot be cancelled."""


class UnusableFile(EventsError):
    """A file that no rows can be read of, or whose columns do not fit the mapping; says why."""


class TooManyImports(EventsError):
    """There are as many mappings, files or unfinished imports as there may be."""


class CellRefused(Exception):
    """One cell cannot be what the mapping says it is; the message says what would be right."""
