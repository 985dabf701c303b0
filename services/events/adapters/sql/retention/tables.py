"""The tables of retention: its rules, how far a sweep is, and how much was removed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, Table, UniqueConstraint

from services.events.adapters.sql.tables import metadata
from shared.sql.types import UtcDateTime

retention_rules = Table(
    "retention_rules",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(10), nullable=False, comment="empty where the rule is of every kind"),
    Column("name", String(500), nullable=False, comment="empty where it is of every name"),
    Column("channel", String(50), nullable=False, comment="empty where it is of every channel"),
    Column("days", Integer, comment="none: kept for ever"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("kind", "name", "channel"),
)

retention_sweeps = Table(
    "retention_sweeps",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="one row"),
    Column("position", String(36), comment="the last touchpoint that the sweep under way has judged"),
    Column("finished_at", UtcDateTime),
)

removed_touchpoints = Table(
    "removed_touchpoints",
    metadata,
    Column("kind", String(10), primary_key=True),
    Column("touchpoints", BigInteger, nullable=False),
)
