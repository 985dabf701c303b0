"""The tables that every service's database has beside its own."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

from shared.sql.types import Json, UtcDateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""For every service's MetaData too, so that migrations can name what they change."""

plumbing = MetaData(naming_convention=NAMING)
_Sequence = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows only in INTEGER keys

outbox = Table(
    "outbox",
    plumbing,
    Column("sequence", _Sequence, primary_key=True, autoincrement=True),
    Column("topic", String(200), nullable=False),
    Column("partition", Integer, nullable=False),
    Column("key", String(500)),
    Column("value", LargeBinary, nullable=False),
    Column("headers", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

inbox_positions = Table(
    "inbox_positions",
    plumbing,
    Column("consumer", String(100), primary_key=True),
    Column("topic", String(200), primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("next_offset", BigInteger, nullable=False),
)

inbox_records = Table(
    "inbox_records",
    plumbing,
    Column("consumer", String(100), primary_key=True),
    Column("record_id", String(200), primary_key=True),
    Column("handled_at", UtcDateTime, nullable=False, index=True),
)

dead_letters = Table(
    "dead_letters",
    plumbing,
    Column("id", String(36), primary_key=True),
    Column("consumer", String(100), nullable=False),
    Column("topic", String(200), nullable=False),
    Column("event_id", String(200), nullable=False),
    Column("event_type", String(200), nullable=False),
    Column("record", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("replayed_at", UtcDateTime),
    Index("ix_dead_letters_state_consumer", "state", "consumer"),
)

api_keys = Table(
    "api_keys",
    plumbing,
    Column("id", String(36), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("key_sha256", String(64), nullable=False, unique=True),
    Column("hint", String(12), nullable=False),
    Column("scopes", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("owner", String(36), comment="id of its owner's first key; none for itself"),
)

idempotency_keys = Table(
    "idempotency_keys",
    plumbing,
    Column("caller", String(100), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("request_sha256", String(64), nullable=False),
    Column("status", Integer),
    Column("response", Json),
    Column("created_at", UtcDateTime, nullable=False, index=True),
)

leases = Table(
    "leases",
    plumbing,
    Column("name", String(100), primary_key=True),
    Column("holder", String(100), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

erased_names = Table(
    "erased_names",
    plumbing,
    Column("name_hash", String(32), primary_key=True),
    Column("erasure_id", String(36), nullable=False),
    Column("erased_at", UtcDateTime, nullable=False, index=True),
)
