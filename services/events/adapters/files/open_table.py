"""Opening a stored file as what it is."""

from __future__ import annotations

import io
from typing import IO, cast

from services.events.adapters.files.csv_table import CsvTable
from services.events.adapters.files.parquet_table import ParquetTable
from services.events.adapters.sql.imports.files import CHUNK_BYTES, StoredBytes
from services.events.use_cases.imports.ports import ImportFile, ImportMapping
from shared.sql.database import Database


def open_table(database: Database, file: ImportFile, mapping: ImportMapping) -> CsvTable | ParquetTable:
    """The file's columns and rows. Raises UnusableFile."""
    stored = StoredBytes(database, file.id, file.size)
    used = mapping.read().columns()
    if file.format == "parquet":
        content = cast(IO[bytes], io.BufferedReader(stored, CHUNK_BYTES))
        return ParquetTable(content, size=file.size, used=used)
    return CsvTable(stored.chunks, mapping.csv, used=used)
