"""What Alembic runs to migrate events' database."""

from alembic import context

from services.events.adapters.sql import (
    archive_tables,
    import_tables,
    plan_tables,
    retention_tables,
    tables,
    webhook_tables,
)
from shared.sql.migrations import run_environment

# Each module adds its tables to the one metadata when it is imported.
_MODULES = (tables, archive_tables, import_tables, plan_tables, retention_tables, webhook_tables)
(METADATA,) = {id(module.metadata): module.metadata for module in _MODULES}.values()
run_environment(context, METADATA)
