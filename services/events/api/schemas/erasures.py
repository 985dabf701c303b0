"""Erasures as the API shows them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class ErasureView(BaseModel):
    """How far one erasure fact has been followed here; there are several if a late touchpoint named more subjects."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    erasure_id: str = Field(description="the erasure, as profile shows it")
    erased_at: datetime = Field(description="what was received until then is erased")
    heard_at: datetime = Field(description="from then on the timeline is without it")
    touchpoints: int = Field(description="how many were deleted from the timeline")
    archived: int = Field(description="how many rows were taken out of the archive's files")
    finished_at: datetime | None = Field(
        description="when webhooks, dead letters and archive were done as well, and who it was was forgotten"
    )
