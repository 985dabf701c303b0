"""How the command ends.

Tree::

    Failure          has an exit code and one line for people
     +-- Refused       2: the service says that what was asked is wrong, or there is no such file here
     +-- Unreachable   3: the service does not answer, or cannot do it now
     +-- Ended         3: the import failed or was cancelled
     +-- Interrupted   130: whoever waited for the import waits no longer
"""

from __future__ import annotations

from typing import ClassVar

SOME_ROWS_REFUSED = 1


class Failure(Exception):
    """The message is the line that is shown."""

    exit_code: ClassVar[int]


class Refused(Failure):
    """The service says that what was asked is wrong, or there is no such file here."""

    exit_code = 2


class Unreachable(Failure):
    """The service does not answer, or cannot do it now."""

    exit_code = 3


class Ended(Failure):
    """The import failed or was cancelled."""

    exit_code = 3


class Interrupted(Failure):
    """Whoever waited for the import waits no longer."""

    exit_code = 130
