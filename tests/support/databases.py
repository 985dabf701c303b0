"""New databases for tests, empty or with a service's schema.

A run migrates each schema once, and tests get copies: to migrate takes several times as long as to copy.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

from shared.sql.database import Database
from shared.sql.migrations import upgrade
from tests.support.postgres import PostgresServer
from tests.support.real_servers import one_at_a_time, run_directory


def sqlite_database(path: Path, migrations: str | None) -> str:
    """The URL of the SQLite database at `path`; unless it is there, it is made with the schema of `migrations`."""
    if migrations and not path.exists():
        shutil.copy(_migrated("sqlite", migrations, _new_file).removeprefix("sqlite:///"), path)
    return f"sqlite:///{path}"


def postgres_database(server: PostgresServer, migrations: str | None) -> str:
    """The URL of a new database with the schema of `migrations` on the server that the run shares."""
    if migrations:
        return server.new_database(like=_migrated("postgresql", migrations, server.new_database))
    return server.new_database()


def _migrated(kind: str, migrations: str, make: Callable[[], str]) -> str:
    """The URL of the run's own database with this schema, which the first process that needs it makes."""
    made = run_directory() / f"{migrations}.{kind}"
    with one_at_a_time(made.name):
        if not made.exists():
            database = Database(url := make())
            upgrade(database, migrations)
            database.dispose()
            made.write_text(url)
    return made.read_text()


def _new_file() -> str:
    return f"sqlite:///{run_directory()}/{uuid.uuid4().hex}.db"
