"""`python -m deploy.local.tied_to_parent COMMAND...`: become COMMAND, and be told to end when the parent dies.

Without it a supervisor that is killed with -9 leaves its children behind. The parent says who it is in PARENT, where
COMMAND finds itself for children of its own: a process whose parent died before it could ask would take its heir for
the parent. Linux only (PR_SET_PDEATHSIG, prctl(2)); elsewhere the command runs untied.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PARENT = "RAPPORT_PARENT_PID"
"""The environment variable with the process that starts this one."""

_PR_SET_PDEATHSIG = 1


def main(command: list[str]) -> None:
    """Never returns: the process becomes `command`, or ends with 1 when its parent is dead already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != int(os.environ[PARENT]):
            sys.exit(1)
    os.execvpe(command[0], command, os.environ | {PARENT: str(os.getpid())})  # noqa: S606 - the command is ours


if __name__ == "__main__":
    main(sys.argv[1:])
