"""The tables of imports, in events' metadata."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text, text

from services.events.adapters.sql.tables import metadata
from shared.sql.types import Json, UtcDateTime

UNFINISHED = ("queued", "running")
"""States of imports that have not ended."""

import_mappings = Table(
    "import_mappings",
    metadata,
    Column("id", String(36), primary_key=True, comment="made of the name: the source of what is imported"),
    Column("name", String(60), nullable=False, unique=True),
    Column("document", Json, nullable=False),
    Column("csv", Json, nullable=False, comment="encoding and delimiter"),
    Column("default_currency", String(3)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
)

import_files = Table(
    "import_files",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("format", String(10), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), comment="none while it is being uploaded"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

import_chunks = Table(
    "import_chunks",
    metadata,
    Column("file_id", String(36), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("bytes", LargeBinary, nullable=False),
)

imports = Table(
    "imports",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("mapping_id", String(36), nullable=False),
    Column("mapping", Json, nullable=False, comment="the mapping as it was when the import was asked for"),
    Column("file_id", String(36), nullable=False, index=True),
    Column("file", Json, nullable=False, comment="what was known of the file, which is not kept as long"),
    Column("state", String(10), nullable=False),
    Column("reason", Text),
    Column("cancel_requested", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("header", Json),
    Column("delimiter", String(1), comment="that the file showed"),
    Column("position", BigInteger, nullable=False),
    Column("read_bytes", BigInteger, nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("passed_over", BigInteger, nullable=False),
    Column("known", BigInteger, nullable=False),
    Column("touchpoints", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, comment="times it was begun since it last came further"),
    Column("held_by", String(36)),
    Column("held_until", UtcDateTime),
    Index("ix_imports_state", "state", "id"),
    # Two imports of one mapping would not see what the other brings: one at a time.
    Index(
        "uq_imports_running",
        "mapping_id",
        unique=True,
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
)

import_errors = Table(
    "import_errors",
    metadata,
    Column("import_id", String(36), primary_key=True),
    Column("row", BigInteger, primary_key=True, autoincrement=False),
    Column("cells", LargeBinary, nullable=False, comment="JSON of the row as it stood in the file"),
    Column("flaws", LargeBinary, nullable=False, comment="JSON"),
)

imported_messages = Table(
    "imported_messages",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False, comment="of the touchpoint's time; 0 without one"),
    Column("hash", LargeBinary, primary_key=True),
    sqlite_with_rowid=False,
)
