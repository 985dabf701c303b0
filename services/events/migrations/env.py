"""What Alembic runs to migrate events' database."""

from alembic import context

from services.events.adapters.sql import tables
from services.events.adapters.sql.archive import tables as archive
from services.events.adapters.sql.erasure import tables as erasure
from services.events.adapters.sql.imports import tables as imports
from services.events.adapters.sql.retention import tables as retention
from services.events.adapters.sql.tracking_plan import tables as tracking_plan
from services.events.adapters.sql.webhooks import tables as webhooks
from shared.sql.migrations import run_environment

# Each module adds its tables to the one metadata when it is imported.
_MODULES = (tables, archive, erasure, imports, retention, tracking_plan, webhooks)
(METADATA,) = {id(module.metadata): module.metadata for module in _MODULES}.values()
run_environment(context, METADATA)
