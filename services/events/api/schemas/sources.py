"""Sources and write keys over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from services.events.api.schemas.currencies import DefaultCurrency
from services.events.use_cases.ports import Source, WriteKey
from shared.http.patterns import ID, NOT_BLANK
from shared.http.schemas import Schema

SourceId = Annotated[str, Path(max_length=36, pattern=ID, description="a source's id")]
WriteKeyId = Annotated[str, Path(max_length=36, pattern=ID, description="a write key's id")]


class NewSource(Schema):
    """Who is going to send."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "web shop", "default_currency": "TWD"}]})

    name: str = Field(min_length=1, max_length=100, pattern=NOT_BLANK)
    default_currency: DefaultCurrency = Field(
        None, description="ISO 4217; meant where an order of this source names no currency"
    )


class SourceView(BaseModel):
    """A source. `owner` is the API key that made it; null where that is not known, which administrators alone see."""

    id: str
    owner: str | None
    name: str
    default_currency: str | None
    created_at: datetime

    @classmethod
    def of(cls, source: Source) -> SourceView:
        """The source as it is shown."""
        return cls(
            id=source.id,
            owner=source.owner,
            name=source.name,
            default_currency=source.default_currency,
            created_at=source.created_at,
        )


class WriteKeyView(BaseModel):
    """A live write key: `hint` is how it begins."""

    id: str
    hint: str
    created_at: datetime

    @classmethod
    def of(cls, key: WriteKey) -> WriteKeyView:
        """The key as it is listed."""
        return cls(id=key.id, hint=key.hint, created_at=key.created_at)


class SourceDetail(SourceView):
    """A source with its live write keys."""

    write_keys: list[WriteKeyView]


class CreatedSource(SourceView):
    """The only time that `write_key` is shown."""

    write_key: str


class CreatedWriteKey(WriteKeyView):
    """The only time that `write_key` is shown."""

    write_key: str
