"""Saved mappings of files over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from services.events.api.schemas.currencies import DefaultCurrency
from services.events.api.schemas.file_mapping import EXAMPLE, FileMappingDocument
from services.events.use_cases.imports.keep_import_mappings import WantedMapping
from services.events.use_cases.imports.ports import CsvForm, ImportMapping
from shared.http.patterns import worded
from shared.http.schemas import Schema, Slug

MappingName = Annotated[Slug, Path(description="a mapping's name")]
_Encoding = Literal[
    "utf-8", "utf-16", "big5", "big5hkscs", "cp950", "gb18030", "shift_jis", "cp932", "euc-jp", "euc-kr", "cp1252",
    "iso-8859-1", "iso-8859-15",
]  # fmt: skip
_DELIMITER = worded(r"^[,;\t|]$", "a comma, a semicolon, a tab or |")
_Delimiter = Annotated[str, Field(pattern=_DELIMITER, description="`,`, `;`, a tab or `|`")]
"""No enum: a tab in one is more than generators of clients can make a name of."""


class CsvDocument(Schema):
    """How CSV files are written. A byte order mark outweighs `encoding`; the header shows what delimits."""

    encoding: _Encoding = "utf-8"
    delimiter: _Delimiter | None = Field(None, examples=[";"])


class MappingDefinition(Schema):
    """What may be changed of a mapping."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"mapping": EXAMPLE, "csv": {"encoding": "cp950"}}]})

    mapping: FileMappingDocument
    csv: CsvDocument = Field(default_factory=CsvDocument)
    default_currency: DefaultCurrency = Field(None, description="ISO 4217; meant where an order names none")

    def wanted(self) -> WantedMapping:
        """What the use cases take."""
        return WantedMapping(
            document=self.mapping.document(),
            csv=CsvForm(encoding=self.csv.encoding, delimiter=self.csv.delimiter),
            default_currency=self.default_currency,
        )


class NewMapping(MappingDefinition):
    """A mapping to be saved."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "till-receipts", "mapping": EXAMPLE, "default_currency": "TWD"}]}
    )

    name: Slug = Field(examples=["till-receipts"])


class MappingView(BaseModel):
    """A saved mapping. `source_id` is the source of the touchpoints that are imported with it."""

    name: str
    source_id: str
    mapping: dict[str, Any]
    csv: CsvDocument
    default_currency: str | None
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, mapping: ImportMapping) -> MappingView:
        """The mapping as it is shown."""
        return cls(
            name=mapping.name,
            source_id=mapping.id,
            mapping=dict(mapping.document),
            csv=CsvDocument.model_validate({"encoding": mapping.csv.encoding, "delimiter": mapping.csv.delimiter}),
            default_currency=mapping.default_currency,
            version=mapping.version,
            created_at=mapping.created_at,
            updated_at=mapping.updated_at,
        )
