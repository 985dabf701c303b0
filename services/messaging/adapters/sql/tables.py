"""The tables of messaging."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    false,
    text,
)

from shared.sql.plumbing import NAMING
from shared.sql.types import GivenJson, Json, UtcDateTime

_OWNED = text("claimed_by IS NOT NULL")
_KEYED = text("dedup_key IS NOT NULL")
_UNHASHED = text("address IS NOT NULL AND address_hash IS NULL")

metadata = MetaData(naming_convention=NAMING)

contacts = Table(
    "contacts",
    metadata,
    Column("profile_id", String(100), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("address", String(320)),
    Column("address_malformed", Boolean, nullable=False, server_default=false()),
    Column("language", String(64)),
    Column("timezone", String(64)),
    Column("traits", GivenJson, nullable=False),
    Column("last_purchase", Json),
    Column("address_hash", String(32), index=True),
    Index("ix_contacts_unhashed", "profile_id", sqlite_where=_UNHASHED, postgresql_where=_UNHASHED),
)
"""Copy of profile's: whoever may be written to. `address_hash` is that of suppressions; empty of what is no address."""

memberships = Table(
    "memberships",
    metadata,
    Column("segment_id", String(100), primary_key=True),
    Column("profile_id", String(100), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("member", Boolean, nullable=False),
    Index("ix_memberships_profile_id", "profile_id"),
)
"""Copy of profile's; rows of those who left stay, so that a late fact does not bring them back."""

merges = Table(
    "merges",
    metadata,
    Column("merged_id", String(100), primary_key=True),
    Column("survivor_id", String(100), nullable=False, index=True),
)
"""Where each merged profile lives on; chains are resolved when they are stored."""

templates = Table(
    "templates",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

template_versions = Table(
    "template_versions",
    metadata,
    Column("template_id", String(36), ForeignKey("templates.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("default_language", String(10), nullable=False),
    Column("variants", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("topic", String(100), nullable=False),
    Column("segment_id", String(100), nullable=False),
    Column("template_id", String(36), ForeignKey("templates.id"), nullable=False),
    Column("template_version", Integer, nullable=False),
    Column("sender_address", String(320), nullable=False),
    Column("sender_name", String(200)),
    Column("status", String(20), nullable=False, index=True),
    Column("paused_from", String(20)),
    Column("send_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("launched_at", UtcDateTime),
    Column("completed_at", UtcDateTime),
    Column("audience_cursor", String(100), nullable=False),
    Column("audience_size", Integer, nullable=False),
    Column("traceparent", String(55)),
    Column("audience_id", String(36), index=True),
    Column("audience_whole_at", UtcDateTime),
    Column("failure", String(200)),
    Column("version", Integer, nullable=False, server_default="1"),
)

audience_parts = Table(
    "audience_parts",
    metadata,
    Column("audience_id", String(36), primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("partitions", Integer, nullable=False),
)
"""Partitions of the bus on which profile has told all of the segment that was asked for under this id."""

messages = Table(
    "messages",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("campaign_id", String(36), ForeignKey("campaigns.id"), nullable=False),
    Column("profile_id", String(100), nullable=False),
    Column("status", String(10), nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", String(200)),
    Column("claimed_by", String(36)),
    Column("dedup_key", String(32)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    UniqueConstraint("campaign_id", "profile_id"),
    # Serves the queue of a campaign and its counts by status alike.
    Index("ix_messages_queue", "campaign_id", "status", "due_at"),
    Index("ix_messages_claimed_by", "claimed_by", sqlite_where=_OWNED, postgresql_where=_OWNED),
    Index("ix_messages_profile_id", "profile_id"),
    Index("uq_messages_dedup_key", "dedup_key", unique=True, sqlite_where=_KEYED, postgresql_where=_KEYED),
)
"""`dedup_key` stands for the campaign's one letter to an address; of marketing that was planned to be sent only."""

suppressions = Table(
    "suppressions",
    metadata,
    Column("address_hash", String(32), primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("message_id", String(36)),
    Column("bounced", Boolean, nullable=False, server_default=false()),
    Index("ix_suppressions_created_at", "created_at", "address_hash"),
)
"""Addresses that refused marketing or have no mailbox, by keyed hash: it holds after everything else is erased."""
