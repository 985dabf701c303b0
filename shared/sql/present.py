"""What time it is for the database: leases and due times go by it, whatever the clocks of the processes say."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.clock import utc_now


def database_now(session: Session) -> datetime:
    """The database server's present. SQLite has no server: its clock is this machine's."""
    if session.get_bind().dialect.name != "postgresql":
        return utc_now()
    now: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)
