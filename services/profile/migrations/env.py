"""What Alembic runs to migrate profile's database."""

from alembic import context

from services.profile.adapters.sql.tables import metadata
from shared.sql.migrations import run_environment

run_environment(context, metadata)
