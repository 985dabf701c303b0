"""`python -m services.messaging api | worker | migrate`."""

from __future__ import annotations

import sys

from services.messaging.bootstrap import MIGRATIONS
from services.messaging.settings import MessagingSettings
from shared.service_cli import Service, main

SERVICE = Service(
    name="messaging",
    settings=MessagingSettings,
    create_app="services.messaging.api.app:create_app",
    loops="services.messaging.workers.loops:loops",
    migrations=MIGRATIONS,
    database_url=lambda settings: settings.messaging_database_url,
    port=lambda settings: settings.messaging_port,
)

if __name__ == "__main__":
    sys.exit(main(SERVICE))
