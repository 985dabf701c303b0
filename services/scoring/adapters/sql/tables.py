"""Scoring's tables."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

from shared.sql.plumbing import NAMING
from shared.sql.types import Json, UtcDateTime

metadata = MetaData(naming_convention=NAMING)

order_statements = Table(
    "order_statements",
    metadata,
    Column("statement_id", String(36), primary_key=True),
    Column("subject", String(300), nullable=False, index=True),
    Column("order_id", Text, nullable=False),
    Column("status", String(10), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount_minor", BigInteger),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("paid_lines", Integer, nullable=False),
    Column("lines", Json, nullable=False, comment="[product, name, quantity, unit price] each"),
    Column("received_at", UtcDateTime, comment="none of statements from before it was noted"),
)

subjects = Table(
    "subjects",
    metadata,
    Column("subject", String(300), primary_key=True),
    Column("profile_id", String(36), nullable=False, index=True),
    Column("changed_at", UtcDateTime, nullable=False),
)

profiles = Table(
    "profiles",
    metadata,
    Column("profile_id", String(36), primary_key=True),
    Column("survivor_id", String(36), nullable=False, index=True, comment="itself, or whom it was merged into"),
    Column("version", BigInteger, nullable=False),
    Column("identified", Boolean, nullable=False),
)

score_runs = Table(
    "score_runs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("state", String(10), nullable=False, index=True),
    Column("trigger", String(10), nullable=False),
    Column("settings", Json, nullable=False),
    Column("as_of", UtcDateTime, comment="of the settings, to be sorted by"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("attempt", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("staged", Integer, nullable=False),
    Column("published", Integer, nullable=False),
    Column("report", Json),
    Column("error", Text),
    Column("traceparent", String(55)),
)

scores = Table(
    "scores",
    metadata,
    Column("run_id", String(36), primary_key=True),
    Column("position", Integer, primary_key=True, comment="order in which a run's scores are published"),
    Column("profile_id", String(36), nullable=False),
    Column("model", String(40), nullable=False),
    Column("value", Float(53), nullable=False),
    Column("label", String(40), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("figures", Json, nullable=False),
    Column("drivers", Json, nullable=False),
    Index("ix_scores_profile_id_model", "profile_id", "model"),
    Index("ix_scores_run_id_model_value", "run_id", "model", "value", "profile_id"),
)
