"""Erasures as the API shows them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class ErasureView(BaseModel):
    """The record that a customer was erased, but not who. Each other service reports its own part under this id."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["0193f0a2-9b00-7c10-8d22-5b0e6d1f2a01"])
    erased_at: datetime = Field(
        description="what was received until then is erased; what is received later belongs to a new customer"
    )
    requested_by: str = Field(description="id of the API key that asked for it", examples=["administrator"])
    profiles: int = Field(
        description="how many ids the customer's profile had, with those merged into it", examples=[1]
    )
