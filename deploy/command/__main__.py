"""`python -m deploy.command`, and what the command `rapport` begins with."""

from __future__ import annotations

import sys

_INTERRUPTED = 130


def run() -> int:
    """Run the command; the exit code."""
    try:
        from deploy.command import commands  # here, so that Ctrl-C while it is loaded is no traceback either

        return commands.run()
    except KeyboardInterrupt:
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(run())
