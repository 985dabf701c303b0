"""Replays over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from services.events.adapters.sql.webhooks.replays import Outcome
from services.events.api.schemas.webhooks import WantedEventTypes
from services.events.domain.webhooks.replays import Replay
from services.events.use_cases.webhooks.replay_webhooks import WantedReplay
from shared.http.patterns import ID
from shared.http.schemas import Moment

ReplayId = Annotated[str, Path(max_length=36, pattern=ID, description="a replay's id")]


class NewReplay(WantedEventTypes):
    """Which facts are told again: those with `since` <= `timestamp` < `until`, which is now unless it is named."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z", "missing_only": True}]
        }
    )

    since: Moment = Field(examples=["2026-01-01T00:00:00Z"], description="at most 7 days ago")
    until: Moment | None = None
    missing_only: bool = Field(False, strict=True, description="leave out what the endpoint has a delivery of")

    def wanted(self) -> WantedReplay:
        """What the use cases take."""
        return WantedReplay(
            since=self.since, until=self.until, event_types=tuple(self.event_types), missing_only=self.missing_only
        )


class OutcomeView(BaseModel):
    """How many deliveries of a replay are in each state."""

    pending: int
    delivered: int
    failed: int
    canceled: int


class ReplayView(BaseModel):
    """A replay. `done` is one that has read everything; `deliveries` tells what came of what it found.

    `progress` is the share of the log that was read, `facts_read` how many facts of the time were in it, wanted or not.
    """

    id: str
    endpoint_id: str
    since: datetime
    until: datetime
    event_types: list[str]
    missing_only: bool
    state: Literal["running", "done", "canceled"]
    progress: float = Field(ge=0, le=1)
    facts_read: int
    deliveries: OutcomeView
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, replay: Replay, outcome: Outcome) -> ReplayView:
        """The replay as it is shown."""
        return cls.model_validate(
            {
                "id": replay.id,
                "endpoint_id": replay.endpoint_id,
                "since": replay.since,
                "until": replay.until,
                "event_types": list(replay.event_types),
                "missing_only": replay.missing_only,
                "state": replay.state,
                "progress": round(replay.progress, 4),
                "facts_read": replay.read,
                "deliveries": {
                    "pending": outcome.pending,
                    "delivered": outcome.delivered,
                    "failed": outcome.failed,
                    "canceled": outcome.canceled,
                },
                "created_at": replay.created_at,
                "finished_at": replay.finished_at,
            }
        )
