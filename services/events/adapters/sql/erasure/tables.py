"""The table of erasures, in events' metadata."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table

from services.events.adapters.sql.tables import metadata
from shared.sql.types import Json, UtcDateTime

erasures = Table(
    "erasures",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("erasure_id", String(36), nullable=False),
    Column("erased_at", UtcDateTime, nullable=False),
    Column("heard_at", UtcDateTime, nullable=False),
    Column("touchpoints", BigInteger, nullable=False),
    Column("archived", BigInteger, nullable=False, comment="rows that were taken out of files"),
    Column("who", Json, comment="subjects and profile ids, until everything is done"),
    Column("swept_at", UtcDateTime, comment="when webhooks and dead letters were done"),
    Column("rewritten_at", UtcDateTime, comment="when the archive was done"),
    Column("finished_at", UtcDateTime, index=True),
)
"""One erasure is heard of as often as it is told: its first word, and each further subject."""
