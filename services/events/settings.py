"""What events is configured with."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

from pydantic import Field, field_validator, model_validator

from services.events.domain.webhooks.destinations import Borders
from services.events.domain.webhooks.retries import SCHEDULE_S
from services.events.use_cases.accept_calls import CallLimits
from services.events.use_cases.webhooks.deliver_webhooks import DeliveryLimits
from shared.settings import Delays, ServiceSettings, under_data_dir

_MAX_CALL = 512 * 1024


class EventsSettings(ServiceSettings):
    """`RAPPORT_EVENTS_*`, and what all services share.

    A transaction of recording changes most pages of a part of the index whatever their size, so few large ones are
    better.
    """

    page_bytes: ClassVar[int] = 16_384

    events_database_url: str = under_data_dir("events.db", scheme="sqlite:///")
    events_port: int = Field(8104, ge=1, le=65535)
    events_max_event_bytes: int = Field(
        32 * 1024, ge=1024, le=_MAX_CALL, description="the largest call, in bytes; the bus takes records of 1 MB"
    )
    events_max_batch_bytes: int = Field(
        500 * 1024, ge=1024, le=16 * 1024 * 1024, description="the largest body, unpacked, in bytes"
    )
    events_max_batch_events: int = Field(2_500, ge=1, le=100_000, description="the most calls in one batch")
    events_max_message_id_length: int = Field(100, ge=1, le=500, description="the longest `messageId`, in characters")
    webhook_allow_networks: str = Field(
        "", description="private networks that webhooks may go to, by http too: CIDRs, separated by commas"
    )
    webhook_deadline_s: float = Field(
        15.0, ge=1, le=20, description="seconds for one attempt, from the name look-up to the last byte"
    )
    webhook_retry_delays_s: Delays = Field(
        SCHEDULE_S, description="seconds to wait after each failed attempt; each varies by a fifth"
    )
    webhook_disable_after_s: float = Field(
        5 * 24 * 3600.0,
        gt=0,
        description="seconds of nothing but failed attempts, five at least, after which an endpoint is disabled",
    )
    webhook_lanes: int = Field(400, ge=4, le=5_000, description="endpoints that one worker delivers to at once")
    webhook_keep_days: int = Field(30, ge=7, le=365, description="days for which deliveries and attempts are kept")
    retention_every_s: float = Field(
        3600.0,
        ge=0.1,
        le=24 * 3600,
        description="seconds between two removals of touchpoints that were kept long enough",
    )
    import_max_bytes: int = Field(
        1024 * 1024 * 1024,
        ge=1024,
        le=16 * 1024 * 1024 * 1024,
        description="the largest file to import, unpacked, in bytes",
    )
    import_keep_files_hours: int = Field(
        72,
        ge=1,
        le=24 * 90,
        description="hours for which an uploaded file is kept, and longer while an import reads it",
    )
    import_lease_s: float = Field(
        60.0, ge=2, le=3_600, description="seconds of a worker's silence after which another takes over its import"
    )
    import_keep_days: int = Field(
        90, ge=1, le=3_650, description="days for which imports that have ended are kept, with their errors"
    )
    stream_clients: int = Field(100, ge=1, le=10_000, description="the most open streams of events in one API process")

    archive_dir: str | None = Field(
        None,
        description="folder of the Parquet archive, the same for all workers; unset: `archive` in RAPPORT_DATA_DIR "
        "with the embedded log, and none with Kafka; empty: none",
    )
    archive_every_s: float = Field(
        60.0, ge=0.1, le=3600, description="the longest that a touchpoint waits for its file, in seconds"
    )

    @field_validator("webhook_allow_networks")
    @classmethod
    def _networks_are_some(cls, networks: str) -> str:
        Borders.of(filter(None, networks.split(",")))
        return networks

    @model_validator(mode="after")
    def _batch_holds_an_event(self) -> Self:
        if self.events_max_batch_bytes < self.events_max_event_bytes:
            raise ValueError("RAPPORT_EVENTS_MAX_BATCH_BYTES must not be less than RAPPORT_EVENTS_MAX_EVENT_BYTES")
        return self

    @property
    def archive_folder(self) -> Path | None:
        """Where the archive is; None where none is kept."""
        if self.archive_dir is None:
            return None if self.bus_url.startswith("kafka:") else self.data_dir / "archive"
        return Path(self.archive_dir) if self.archive_dir else None

    @property
    def call_limits(self) -> CallLimits:
        """The limits as the use case takes them."""
        return CallLimits(
            call_bytes=self.events_max_event_bytes,
            batch_bytes=self.events_max_batch_bytes,
            batch_calls=self.events_max_batch_events,
            message_id_length=self.events_max_message_id_length,
        )

    @property
    def borders(self) -> Borders:
        """Where webhooks may go."""
        return Borders.of(filter(None, self.webhook_allow_networks.split(",")))

    @property
    def delivery_limits(self) -> DeliveryLimits:
        """How webhooks are delivered."""
        return DeliveryLimits(
            lanes=self.webhook_lanes,
            disable_after_s=self.webhook_disable_after_s,
            schedule_s=self.webhook_retry_delays_s,
        )
