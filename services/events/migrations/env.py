"""What Alembic runs to migrate events' database."""

from alembic import context

from services.events.adapters.sql.tables import metadata
from shared.sql.migrations import run_environment

run_environment(context, metadata)
