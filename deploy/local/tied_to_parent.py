"""`python -m deploy.local.tied_to_parent COMMAND...`: become COMMAND, and be told to end when the parent dies.

Without it a supervisor that is killed with -9 leaves its children behind. Linux only (PR_SET_PDEATHSIG, prctl(2));
elsewhere the command runs untied.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(command: list[str]) -> None:
    """Never returns: the process becomes `command`."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the kernel was asked
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - the command is ours


if __name__ == "__main__":
    main(sys.argv[1:])
