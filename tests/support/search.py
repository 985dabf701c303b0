"""Looking for words in everything that a database holds."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import MetaData, select

from shared.sql.database import Database


def places_of(words: Collection[str], database: Database, *, apart_from: Collection[str] = ()) -> set[str]:
    """`table.column: word` for each column of any table that holds one of the words, in whatever case."""
    metadata = MetaData()
    metadata.reflect(database.engine)
    return {
        f"{table.name}.{column}: {word}"
        for table in metadata.sorted_tables
        if table.name not in apart_from
        for row in _rows(database, table)
        for column, value in row.items()
        for word in words
        if word.lower() in _text(value)
    }


def _rows(database: Database, table: Any) -> Iterator[dict[str, Any]]:
    with database.reading() as session:
        yield from [dict(row._mapping) for row in session.execute(select(table))]


def _text(value: Any) -> str:
    """A value as text; what is text in base 64 inside of it, as dead letters are, is read as well."""
    if isinstance(value, bytes | memoryview):
        value = bytes(value).decode("utf-8", "replace")
    text = str(value)
    return "\n".join([text, *_decoded(text)]).lower()


def _decoded(text: str) -> Iterator[str]:
    for part in text.split('"'):
        if len(part) > 15:
            try:
                yield base64.b64decode(part, validate=True).decode("utf-8", "replace")
            except ValueError:
                continue
