"""Deliveries of webhooks over HTTP: what became of them, and sending them again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, Field, field_validator

from services.events.adapters.sql.webhooks.deliveries import Attempt, Delivery
from services.events.domain.webhooks.retries import Answer
from shared.clock import utc_now
from shared.http.patterns import ID
from shared.http.schemas import Moment, Schema

DeliveryId = Annotated[str, Path(max_length=36, pattern=ID, description="`webhook-id` of its attempts")]
State = Literal["pending", "delivered", "failed", "canceled"]


class DeliveryView(BaseModel):
    """What became of one event at one endpoint; `next_attempt_at` is set while it is pending."""

    id: str
    endpoint_id: str
    event_type: str
    state: State
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryView:
        """The delivery as it is listed."""
        return cls(
            id=delivery.id,
            endpoint_id=delivery.endpoint_id,
            event_type=delivery.event_type,
            state=delivery.state,
            attempts=delivery.attempts,
            created_at=delivery.created_at,
            next_attempt_at=delivery.due_at if delivery.state == "pending" else None,
            finished_at=delivery.finished_at,
        )


class AttemptView(BaseModel):
    """One request and its answer. `status` is null where there was none, and `error` says why."""

    at: datetime
    duration_ms: int
    status: int | None
    error: str | None
    response: str

    @classmethod
    def of(cls, attempt: Attempt) -> AttemptView:
        """The attempt as it is shown."""
        return cls(
            at=attempt.at,
            duration_ms=attempt.duration_ms,
            status=attempt.status,
            error=attempt.error,
            response=attempt.response,
        )


class DeliveryDetail(DeliveryView):
    """A delivery with the body that is sent and every attempt, oldest first."""

    body: str
    history: list[AttemptView]


class Recovery(Schema):
    """From when on failed deliveries are sent again: a time that has been."""

    since: Moment = Field(examples=["2026-01-01T00:00:00Z"])

    @field_validator("since")
    @classmethod
    def _has_been(cls, value: datetime) -> datetime:
        if value > utc_now():
            raise ValueError("is yet to come, so that nothing failed since then; say when the outage began")
        return value


class Recovered(BaseModel):
    """How many deliveries are sent again."""

    deliveries: int


class TestResult(BaseModel):
    """What the endpoint answered to a test event just now."""

    webhook_id: str
    delivered: bool
    status: int | None
    error: str | None
    duration_ms: int
    response: str

    @classmethod
    def of(cls, webhook_id: str, answer: Answer) -> TestResult:
        """The answer as it is shown."""
        return cls(
            webhook_id=webhook_id,
            delivered=answer.succeeded,
            status=answer.status,
            error=answer.error,
            duration_ms=answer.duration_ms,
            response=answer.excerpt,
        )
