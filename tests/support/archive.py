"""Reading the archive as an analyst does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from services.events.adapters.parquet.rows import SCHEMA


def rows_of(folder: Path) -> list[dict[str, Any]]:
    """Every row that a reader of the folder finds."""
    return list(table_of(folder).to_pylist())


def table_of(folder: Path) -> pa.Table:
    """The whole archive under `folder`; what vanishes between the listing and the reading is listed anew."""
    root = folder / "touchpoints"
    while True:
        try:
            found = ds.dataset(root, format="parquet", partitioning="hive")
            return found.to_table() if found.files else SCHEMA.empty_table()
        except FileNotFoundError:
            if not root.exists():
                return SCHEMA.empty_table()
