"""What Alembic runs to migrate messaging's database."""

from alembic import context

from services.messaging.adapters.sql.tables import metadata
from shared.sql.migrations import run_environment

run_environment(context, metadata)
