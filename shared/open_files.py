"""How many files a process may have open: connections, databases and parts of the log are files to the system."""

from __future__ import annotations

import resource
from contextlib import suppress

NEEDED = 256
"""An embedded worker that only waits has 70 open; each webhook under way and each open stream is one more."""

_MOST_ON_MACOS = 10_240
"""OPEN_MAX: there a hard limit of infinity is none that may be set."""


def allow_open_files() -> None:
    """Raise this process's soft limit to its hard one. Raises ValueError where that is less than is needed."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for wanted in (_MOST_ON_MACOS, hard):
        if _falls_short_of(wanted):
            with suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if _falls_short_of(NEEDED):
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        raise ValueError(f"it may have {allowed} files open and needs {NEEDED}; raise the hard limit (ulimit -n)")


def _falls_short_of(wanted: int) -> bool:
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return soft != resource.RLIM_INFINITY and (wanted == resource.RLIM_INFINITY or soft < wanted)
