"""The tables of outgoing webhooks, in events' metadata."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, LargeBinary, String, Table, Text, text

from services.events.adapters.sql.tables import metadata
from shared.sql.types import Json, UtcDateTime

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("owner", String(100), nullable=False, index=True, comment="id of the API key that made it"),
    Column("url", Text, nullable=False),
    Column("description", String(500), nullable=False),
    Column("event_types", Json, nullable=False, comment="empty for every event"),
    Column("concurrency", Integer, nullable=False),
    Column("secrets", Json, nullable=False, comment="whsec_ texts, the current one first"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("disabled_at", UtcDateTime),
    Column("disabled_reason", String(300)),
)

webhook_lanes = Table(
    "webhook_lanes",
    metadata,
    Column("endpoint_id", String(36), primary_key=True),
    Column("next_due_at", UtcDateTime, index=True, comment="when its earliest delivery is due; none where none waits"),
    Column("paused_until", UtcDateTime, comment="it asked for less, or was out of reach"),
    Column("held_by", String(36)),
    Column("held_until", UtcDateTime, comment="by the database's clock"),
    Column("failures", Integer, nullable=False, comment="attempts in a row that found it out of reach"),
    Column("failing_since", UtcDateTime, comment="the first failure since the last success"),
    Column("failed_at", UtcDateTime, comment="the last failure since then"),
    Column("tried_s", Float, nullable=False, server_default="0", comment="seconds between them that count as tried"),
)

webhook_messages = Table(
    "webhook_messages",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("body", LargeBinary, nullable=False, comment="as it is sent, to every endpoint the same"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", String(36), primary_key=True, comment="webhook-id of every attempt"),
    Column("endpoint_id", String(36), nullable=False),
    Column("owner", String(100), nullable=False),
    Column("message_id", String(36), nullable=False),
    Column("event_type", String(100), nullable=False),
    Column("state", String(10), nullable=False, comment="pending, delivered, failed or canceled"),
    Column("attempts", Integer, nullable=False),
    Column("step", Integer, nullable=False, comment="place in the schedule; begins anew when it is sent again"),
    Column("due_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("replay_id", String(36), comment="the replay that asked for it last; live deliveries go before"),
    Index("ix_webhook_deliveries_lane", "endpoint_id", "state", "due_at", "id"),
    Index("ix_webhook_deliveries_listing", "endpoint_id", "id"),
    Index(
        "ix_webhook_deliveries_replay",
        "replay_id",
        "state",
        "due_at",
        sqlite_where=text("replay_id IS NOT NULL"),
        postgresql_where=text("replay_id IS NOT NULL"),
    ),
)

webhook_replays = Table(
    "webhook_replays",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("endpoint_id", String(36), nullable=False, index=True),
    Column("owner", String(100), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("event_types", Json, nullable=False, comment="empty for those of the endpoint"),
    Column("missing_only", Boolean, nullable=False),
    Column("state", String(10), nullable=False, index=True, comment="running, done or canceled"),
    Column("stretches", Json, comment="start, place and end in each partition; none until the log was asked"),
    Column("read", BigInteger, nullable=False, comment="facts of the time so far"),
    Column("fed_at", UtcDateTime, nullable=False, comment="when it had its last turn"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("version", Integer, nullable=False),
)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("delivery_id", String(36), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("status", Integer, comment="HTTP status; none where there was no answer"),
    Column("error", String(300)),
    Column("excerpt", Text, nullable=False, comment="how the answer's body begins"),
)
