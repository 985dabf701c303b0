"""`python -m deploy.local run | mail`"""

from __future__ import annotations

import sys


def main() -> int:
    """What the command chosen by the arguments returns; 0 after Ctrl-C."""
    try:
        from deploy.local import commands  # here, so that Ctrl-C while it is loaded is no traceback either

        return commands.main()
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
