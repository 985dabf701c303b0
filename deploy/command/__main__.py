"""`python -m deploy.command`, and what the command `rapport` begins with."""

from __future__ import annotations

import sys

from deploy.command.commands import run

if __name__ == "__main__":
    sys.exit(run())
