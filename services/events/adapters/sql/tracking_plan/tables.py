"""The tables of tracking plans and of the quarantine."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, UniqueConstraint

from services.events.adapters.sql.tables import metadata
from shared.sql.types import Json, UtcDateTime

plans = Table(
    "tracking_plans",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("source_ids", Json, comment="none where the plan binds every source"),
    Column("mode", String(5), nullable=False, comment="allow, flag or block"),
    Column("unplanned", String(5), nullable=False, comment="allow, flag or block"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
)

rules = Table(
    "tracking_plan_rules",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("plan_id", String(36), ForeignKey("tracking_plans.id"), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("event", String(500), nullable=False, comment="empty where the rule is of every call of its kind"),
    Column("version", Integer, nullable=False),
    Column("schema", LargeBinary, nullable=False, comment="JSON Schema as it was written"),
    Column("description", String(500), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("published_at", UtcDateTime, comment="none while it is a draft"),
    UniqueConstraint("plan_id", "kind", "event", "version"),
)

violations = Table(
    "tracking_plan_violations",
    metadata,
    Column("rule_id", String(32), primary_key=True, comment="hash of plan, kind, event, pointer and keyword"),
    Column("plan_id", String(36), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("event", String(500)),
    Column("pointer", String(300), nullable=False),
    Column("keyword", String(50), nullable=False),
    Column("calls", BigInteger, nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False, index=True),
    Column("mode", String(5), nullable=False, comment="what the plan did with the last one"),
    Column("sample", Json, nullable=False, comment="source_id, message_id and message of the last one"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("message_hash", LargeBinary, nullable=False, unique=True),
    Column("source_id", String(36), nullable=False),
    Column("message_id", String(500), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("event", String(500)),
    Column("received_at", UtcDateTime, nullable=False),
    Column("held_at", UtcDateTime, nullable=False),
    Column("original", LargeBinary, nullable=False, comment="JSON of the call as it was blocked"),
    Column("call", LargeBinary, nullable=False, comment="JSON of the call as it stands corrected"),
    Column("breaches", Json, nullable=False),
    Column("state", String(10), nullable=False, comment="held, replaying or replayed"),
    Column("corrected_at", UtcDateTime),
    Column("touchpoint_id", String(36), comment="what became of it"),
    Column("traceparent", String(60)),
    Index("ix_quarantine_state", "state", "id"),
    Index("ix_quarantine_event", "event", "id"),
    Index("ix_quarantine_source", "source_id", "id"),
)

quarantine_rules = Table(
    "quarantine_rules",
    metadata,
    Column("rule_id", String(32), primary_key=True),
    Column("entry_id", String(36), primary_key=True, index=True),
)
