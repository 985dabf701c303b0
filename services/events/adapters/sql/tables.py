"""The tables of events."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from shared.sql.plumbing import NAMING
from shared.sql.types import Json, UtcDateTime

metadata = MetaData(naming_convention=NAMING)


def _ordered(length: int) -> String:
    """Text that PostgreSQL compares byte by byte, whatever the database's language: cheap, and ids in time order."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


sources = Table(
    "sources",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("default_currency", String(3)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("owner", String(100), comment="id of the API key that made it; none where that is not known"),
)

write_keys = Table(
    "write_keys",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("source_id", String(36), ForeignKey("sources.id"), nullable=False, index=True),
    Column("key_sha256", String(64), nullable=False, unique=True),
    Column("hint", String(12), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)

inbound_sources = Table(
    "inbound_sources",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("owner", String(100), nullable=False, comment="id of the API key that made it"),
    Column("name", String(60), nullable=False),
    Column("verification", Json, nullable=False, comment="how deliveries are signed, without the secrets"),
    Column("mapping", Json, nullable=False),
    Column("default_currency", String(3)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("owner", "name"),
)

inbound_secrets = Table(
    "inbound_secrets",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("source_id", String(36), ForeignKey("inbound_sources.id"), nullable=False, index=True),
    Column("secret", Text, nullable=False, comment="an HMAC key, so it is kept as it is"),
    Column("created_at", UtcDateTime, nullable=False),
)

seen_deliveries = Table(
    "seen_deliveries",
    metadata,
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, primary_key=True),
    sqlite_with_rowid=False,
)

touchpoints = Table(
    "touchpoints",
    metadata,
    Column(
        "id", _ordered(36), primary_key=True, comment="UUIDv7: on PostgreSQL each month of recording is a partition"
    ),
    Column("subject", _ordered(300), nullable=False),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("name", String(500)),
    Column("channel", String(50)),
    Column("department", String(50)),
    Column("document", LargeBinary, nullable=False, comment="TouchpointRecordedV1 as JSON"),
    Column("part", Integer, nullable=False, server_default="0", comment="on SQLite, else 0"),
    Index(
        "ix_touchpoints_subject_time",
        "subject",
        "occurred_at",
        "id",
        postgresql_include=["kind", "channel", "department"],
        info={"only_on": "postgresql"},
    ),
    Index("ix_touchpoints_part_subject_time", "part", "subject", "occurred_at", "id", info={"only_on": "sqlite"}),
    postgresql_partition_by="RANGE (id)",
)

seen_messages = Table(
    "seen_messages",
    metadata,
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, primary_key=True),
    Column("touchpoint_id", String(36), nullable=False, doc="how it begins: the millisecond it was made in"),
    sqlite_with_rowid=False,
    postgresql_partition_by="LIST (bucket)",
)

message_buckets = Table(
    "message_buckets",
    metadata,
    Column("bucket", Integer, primary_key=True, autoincrement=False, comment="of seen_messages; SQLite only"),
    Column("day", Integer, nullable=False, comment="day its messages were received on, proleptic ordinal"),
    Column("messages", BigInteger, nullable=False),
    Column("seal", String(36), comment="unique to this sealing; none while the bucket takes messages"),
    Column("beginnings", LargeBinary, comment="the first 8 bytes of each hash, once it is sealed"),
)

seen_orders = Table(
    "seen_orders",
    metadata,
    Column("order_id", String(300), primary_key=True),
    Column("status", String(10), primary_key=True),
    sqlite_with_rowid=False,
)

tallies = Table(
    "tallies",
    metadata,
    Column("bucket", Integer, primary_key=True, autoincrement=False, comment="day received, proleptic ordinal"),
    Column("source_id", String(36), primary_key=True),
    Column("kind", String(10), primary_key=True),
    Column("name", String(500), primary_key=True, comment="event name of a track call, else empty"),
    Column("touchpoints", BigInteger, nullable=False),
    Column("duplicates", BigInteger, nullable=False),
    Column("order_lines", BigInteger, nullable=False),
)

profile_versions = Table(
    "profile_versions",
    metadata,
    Column("profile_id", String(36), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("changed_at", UtcDateTime, comment="when profile made this version; none for those of before 0006"),
)

profile_subjects = Table(
    "profile_subjects",
    metadata,
    Column("profile_id", String(36), primary_key=True),
    Column("subject", Text, primary_key=True),
)

merged_profiles = Table(
    "merged_profiles",
    metadata,
    Column("merged_profile_id", String(36), primary_key=True),
    Column("profile_id", String(36), nullable=False, index=True),
    Column("merged_at", UtcDateTime, nullable=False),
)
