"""`python -m services.scoring api | worker | migrate`."""

from __future__ import annotations

import sys

from services.scoring.bootstrap import MIGRATIONS
from services.scoring.settings import ScoringSettings
from shared.service_cli import Service, main

SERVICE = Service(
    name="scoring",
    settings=ScoringSettings,
    create_app="services.scoring.api.app:create_app",
    loops="services.scoring.workers.loops:loops",
    migrations=MIGRATIONS,
    database_url=lambda settings: settings.scoring_database_url,
    port=lambda settings: settings.scoring_port,
)

if __name__ == "__main__":
    sys.exit(main(SERVICE))
