"""`python -m deploy.demo`: play a year through the suite, check every count, write the report."""

from __future__ import annotations

import sys


def main() -> int:
    """0 when every count is as it must be; 1 when one is not or a service failed; 130 after Ctrl-C."""
    try:
        from deploy.demo import commands  # here, so that Ctrl-C while it is loaded is no traceback either

        return commands.main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
