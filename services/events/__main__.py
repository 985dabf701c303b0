"""`python -m services.events api | worker | migrate`."""

from __future__ import annotations

import sys

from services.events.bootstrap import MIGRATIONS
from services.events.settings import EventsSettings
from shared.service_cli import Service, main

SERVICE = Service(
    name="events",
    settings=EventsSettings,
    create_app="services.events.api.app:create_app",
    loops="services.events.workers.loops:loops",
    migrations=MIGRATIONS,
    database_url=lambda settings: settings.events_database_url,
    port=lambda settings: settings.events_port,
)

if __name__ == "__main__":
    sys.exit(main(SERVICE))
