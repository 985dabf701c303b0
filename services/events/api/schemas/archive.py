"""The archive and erasures as the API shows them."""

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
    erased: int = Field(description="touchpoints that are not there because their customers were erased")
    recorded: int = Field(description="touchpoints that were recorded that day, as /v1/summary counts them")
    is_complete: bool = Field(description="whether rows and erased are what was recorded")


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


class ErasureView(_View):
    """How far one word of an erasure has come here; there are several where a late touchpoint named more subjects."""

    id: str
    erasure_id: str = Field(description="the erasure, as profile shows it")
    erased_at: datetime = Field(description="what was received until then is erased")
    heard_at: datetime = Field(description="from then on the timeline is without it")
    touchpoints: int = Field(description="how many were deleted from the timeline")
    archived: int = Field(description="how many rows were taken out of the archive's files")
    finished_at: datetime | None = Field(
        description="when webhooks, dead letters and archive were done as well, and who it was was forgotten"
    )
