"""`python -m shared.bus.create_topics`: create the topics that are missing on the bus of RAPPORT_BUS_URL."""

from __future__ import annotations

import sys

from pydantic import ValidationError

from shared.bus.opening import open_bus
from shared.bus.ports import BusError
from shared.contracts.topics import ALL
from shared.settings import SuiteSettings


def main() -> int:
    """Create them; 1 with one line when the bus does not answer, 2 when a setting is wrong."""
    try:
        bus = open_bus(SuiteSettings().bus_url)
    except (ValidationError, ValueError) as error:
        return _refuse(str(error), 2)
    try:
        bus.create_topics(ALL)
    except BusError as error:
        return _refuse(str(error), 1)
    finally:
        bus.close()
    return 0


def _refuse(reason: str, code: int) -> int:
    print(f"rapport topics: {reason}", file=sys.stderr)  # noqa: T201 - a command's one line
    return code


if __name__ == "__main__":
    raise SystemExit(main())
