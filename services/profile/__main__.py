"""`python -m services.profile api | worker | migrate`."""

from __future__ import annotations

import sys

from services.profile.bootstrap import MIGRATIONS
from services.profile.settings import ProfileSettings
from shared.service_cli import Service, main

SERVICE = Service(
    name="profile",
    settings=ProfileSettings,
    create_app="services.profile.api.app:create_app",
    loops="services.profile.workers.loops:loops",
    migrations=MIGRATIONS,
    database_url=lambda settings: settings.profile_database_url,
    port=lambda settings: settings.profile_port,
)

if __name__ == "__main__":
    sys.exit(main(SERVICE))
