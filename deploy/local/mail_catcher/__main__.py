"""`python -m deploy.local.mail_catcher --port 8125 --mailbox var/mail/caught.db`"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from deploy.local.mail_catcher.server import serve
from shared.telemetry.logs import configure_logging


def main() -> int:
    """Catch mail until a signal; 2 when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.mail_catcher", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8125)
    parser.add_argument("--mailbox", type=Path, default=Path("var/mail/caught.db"))
    options = parser.parse_args()
    configure_logging("mail-catcher", "INFO")
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells every command there
    try:
        asyncio.run(serve(options.mailbox, host=options.host, port=options.port))
    except OSError as error:
        print(f"mail catcher: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
