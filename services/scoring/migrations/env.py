"""What Alembic runs to migrate scoring's database."""

from alembic import context

from services.scoring.adapters.sql.tables import metadata
from shared.sql.migrations import run_environment

run_environment(context, metadata)
