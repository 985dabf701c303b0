"""What events is configured with."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from services.events.use_cases.accept_calls import CallLimits
from shared.settings import ServiceSettings

_MAX_CALL = 512 * 1024


class EventsSettings(ServiceSettings):
    """`RAPPORT_EVENTS_*`, and what all services share."""

    events_database_url: str = "sqlite:///var/events.db"
    events_port: int = Field(8104, ge=1, le=65535)
    events_max_event_bytes: int = Field(
        32 * 1024, ge=1024, le=_MAX_CALL, description="one call; the bus takes records of 1 MB"
    )
    events_max_batch_bytes: int = Field(500 * 1024, ge=1024, le=16 * 1024 * 1024, description="one body, unpacked")
    events_max_batch_events: int = Field(2_500, ge=1, le=100_000)
    events_max_message_id_length: int = Field(100, ge=1, le=500)

    @model_validator(mode="after")
    def _batch_holds_an_event(self) -> Self:
        if self.events_max_batch_bytes < self.events_max_event_bytes:
            raise ValueError("RAPPORT_EVENTS_MAX_BATCH_BYTES must not be less than RAPPORT_EVENTS_MAX_EVENT_BYTES")
        return self

    @property
    def call_limits(self) -> CallLimits:
        """The limits as the use case takes them."""
        return CallLimits(
            call_bytes=self.events_max_event_bytes,
            batch_bytes=self.events_max_batch_bytes,
            batch_calls=self.events_max_batch_events,
            message_id_length=self.events_max_message_id_length,
        )
