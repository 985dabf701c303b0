"""`python -m services.messaging api | worker | migrate`."""

from __future__ import annotations

import sys

from services.messaging.api.app import create_app
from services.messaging.bootstrap import MIGRATIONS
from services.messaging.settings import MessagingSettings
from services.messaging.workers.loops import loops
from shared.service_cli import Service, main

SERVICE = Service(
    name="messaging",
    settings=MessagingSettings,
    create_app=create_app,
    loops=loops,
    migrations=MIGRATIONS,
    database_url=lambda settings: settings.messaging_database_url,
    port=lambda settings: settings.messaging_port,
)

if __name__ == "__main__":
    sys.exit(main(SERVICE))
