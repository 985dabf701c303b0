"""The tables of the archive, in events' metadata."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table

from services.events.adapters.sql.tables import metadata
from shared.sql.types import UtcDateTime

archive_files = Table(
    "archive_files",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("day", String(10), nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("state", String(10), nullable=False, comment="written, published, merged or replaced"),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_archive_files_day_state", "day", "state"),
)

archive_days = Table(
    "archive_days",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("erased", BigInteger, nullable=False),
)
