"""The tables of profile. Rows are written in bulk and in one transaction with what refers to them, so that there are
foreign keys only where rows are deleted one by one."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, MetaData, String, Table, Text

from services.profile.domain.terms import MAX_TEXT
from shared.sql.plumbing import NAMING
from shared.sql.types import GivenJson, Json, UtcDateTime

metadata = MetaData(naming_convention=NAMING)
_ID = String(36)

profiles = Table(
    "profiles",
    metadata,
    Column("profile_id", _ID, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("first_seen_at", UtcDateTime),
    Column("last_seen_at", UtcDateTime),
    Column("identified", Boolean, nullable=False),
    Column("purchases", Json, nullable=False),
)

identifiers = Table(
    "identifiers",
    metadata,
    Column("kind", String(80), primary_key=True),
    Column("value", String(500), primary_key=True),
    Column("profile_id", _ID, nullable=False, index=True),
    Column("touchpoint_id", Text, nullable=False),
    Column("attached_at", UtcDateTime, nullable=False),
)

merges = Table(
    "merges",
    metadata,
    Column("merged_id", _ID, primary_key=True),
    Column("into_id", _ID, nullable=False),
    Column("profile_id", _ID, nullable=False, index=True),
    Column("merged_at", UtcDateTime, nullable=False),
    Column("touchpoint_id", Text, nullable=False),
    Column("tied_by_kind", String(80), nullable=False),
    Column("tied_by_value", String(500), nullable=False),
    Column("contributed", GivenJson, nullable=False),
)
"""`into_id` is the survivor at the time, `profile_id` who that is now; a merged id redirects for good."""

refused_ties = Table(
    "refused_ties",
    metadata,
    Column("kind", String(80), primary_key=True),
    Column("value", String(500), primary_key=True),
    Column("profile_id", _ID, primary_key=True),
    Column("owner_id", _ID),
    Column("reason", String(20), nullable=False),
    Column("touchpoint_id", Text, nullable=False),
    Column("refused_at", UtcDateTime, nullable=False),
)

traits = Table(
    "traits",
    metadata,
    Column("profile_id", _ID, primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("value", GivenJson),
    Column("present", Boolean, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("touchpoint_id", Text, nullable=False),
    Column("observed_at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("text", String(MAX_TEXT + 1)),
    Column("number", Double),
    Column("flag", Boolean),
    Column("moment", UtcDateTime),
    Column("items", Text),
)
"""`present` is false for a trait taken back; `text` to `items` are its `domain.terms.Term`."""

trait_history = Table(
    "trait_history",
    metadata,
    Column("touchpoint_id", Text, primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("profile_id", _ID, nullable=False),
    Column("value", GivenJson),
    Column("source_id", Text, nullable=False),
    Column("observed_at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Index("ix_trait_history_profile_id_key", "profile_id", "key", "observed_at"),
)

orders = Table(
    "orders",
    metadata,
    Column("profile_id", _ID, primary_key=True),
    Column("order_id", Text, primary_key=True),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("status", String(10), nullable=False),
    Column("counts", Boolean, nullable=False),
    Column("currency", String(10), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("refunded_minor", BigInteger, nullable=False),
    Column("net_minor", BigInteger, nullable=False),
    Column("refund_count", Integer, nullable=False),
    Column("products", Json, nullable=False),
    Column("ordered_at", UtcDateTime),
    Column("placed_at", UtcDateTime),
    Column("placed_by", Text),
    Column("cancelled_at", UtcDateTime),
    Column("cancelled_currency", String(10), nullable=False),
    Column("refunds", Json, nullable=False),
    Index("ix_orders_profile_id_occurred_at", "profile_id", "occurred_at"),
)
"""`occurred_at` to `refund_count` are what `domain.orders.OrderRecord` makes of the rest."""

score_figures = Table(
    "score_figures",
    metadata,
    Column("profile_id", _ID, primary_key=True),
    Column("model", String(100), primary_key=True),
    Column("field", String(100), primary_key=True),
    Column("text", String(MAX_TEXT + 1)),
    Column("number", Double),
    Column("flag", Boolean),
)

scores = Table(
    "scores",
    metadata,
    Column("profile_id", _ID, primary_key=True),
    Column("model", String(100), primary_key=True),
    Column("value", Double, nullable=False),
    Column("label", Text),
    Column("values", Json, nullable=False),
    Column("as_of", UtcDateTime),
    Column("computed_at", UtcDateTime, nullable=False),
)

segments = Table(
    "segments",
    metadata,
    Column("segment_id", _ID, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("description", Text, nullable=False),
    Column("definition", GivenJson, nullable=False),
    Column("state", String(10), nullable=False),
    Column("size", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("moves_with_time", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("evaluated_at", UtcDateTime),
    Column("evaluated_to", _ID),
    Column("asked", Json),
)

memberships = Table(
    "memberships",
    metadata,
    Column("segment_id", _ID, primary_key=True),
    Column("profile_id", _ID, primary_key=True),
    Column("is_member", Boolean, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Index("ix_memberships_profile_id", "profile_id", "is_member"),
    Index("ix_memberships_segment_id_is_member", "segment_id", "is_member", "profile_id"),
)

erasures = Table(
    "erasures",
    metadata,
    Column("erasure_id", _ID, primary_key=True),
    Column("erased_at", UtcDateTime, nullable=False),
    Column("requested_by", String(100), nullable=False),
    Column("profiles", Integer, nullable=False),
)
"""Who was erased cannot be told from it; `requested_by` is the id of an API key, `profiles` how many ids there were."""
