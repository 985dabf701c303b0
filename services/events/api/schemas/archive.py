"""The archive as the API shows it."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from shared.http.pagination import Page


class _View(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ArchiveDayView(_View):
    """One UTC day of the archive: the day on which its touchpoints were received."""

    day: str = Field(examples=["2026-01-31"])
    files: int
    rows: int
    bytes: int
    erased: int = Field(description="touchpoints removed because their customers were erased")
    recorded: int = Field(description="touchpoints that were recorded that day, as /v1/summary counts them")
    is_complete: bool = Field(description="whether rows and erased add up to what was recorded")


class ArchivePage(Page[ArchiveDayView]):
    """Days of the archive, and whether there is one at all."""

    enabled: bool = Field(description="whether this installation keeps an archive: RAPPORT_ARCHIVE_DIR")


class ArchiveFileView(_View):
    """One Parquet file; its content is at /v1/archive/files/{id}."""

    id: str
    day: str = Field(examples=["2026-01-31"])
    path: str = Field(
        description="below the archive's folder",
        examples=["touchpoints/day=2026-01-31/part-0193f0a2-7c1e-7b6a-9f3e-2f1f6f0e8a11.parquet"],
    )
    rows: int
    bytes: int
    created_at: datetime
