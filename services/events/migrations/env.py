"""What Alembic runs to migrate events' database."""

from alembic import context

from services.events.adapters.sql import archive_tables, plan_tables, tables, webhook_tables
from shared.sql.migrations import run_environment

# Each module adds its tables to the one metadata when it is imported.
(METADATA,) = {
    id(module.metadata): module.metadata for module in (tables, plan_tables, webhook_tables, archive_tables)
}.values()
run_environment(context, METADATA)
