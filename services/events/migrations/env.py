"""What Alembic runs to migrate events' database."""

from alembic import context

from services.events.adapters.sql.webhook_tables import webhook_endpoints
from shared.sql.migrations import run_environment

run_environment(context, webhook_endpoints.metadata)
