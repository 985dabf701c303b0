"""Webhook endpoints over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, field_validator

from services.events.adapters.sql.webhooks.endpoints import Condition
from services.events.domain.webhooks.endpoints import OF_ONE_NAME, Endpoint, Secret
from services.events.use_cases.webhooks.keep_endpoints import WantedEndpoint
from services.events.use_cases.webhooks.public_events import CONTRACT_NAMES, EVENT_TYPES
from shared.http.patterns import ID, STORABLE
from shared.http.schemas import InWords, Schema, Whole

EndpointId = Annotated[str, Path(max_length=36, pattern=ID, description="a webhook endpoint's id")]

_PORT = r"(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})"
_NAME = r"(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?"
_URL = rf"^https?://(?:{_NAME}|\[[0-9A-Fa-f:.]+\])(?::{_PORT})?(?:[/?][!$-;=?-Z_a-z~%@]*)?$"
_CHOICES = "|".join((*EVENT_TYPES, *CONTRACT_NAMES)).replace(".", r"\.")
_Url = Annotated[
    str,
    Field(max_length=2_000, pattern=_URL, examples=["https://partner.example/hooks/rapport"]),
    InWords(
        "a URL of at most 2000 characters such as https://partner.example/hooks/rapport: no user, no fragment, other"
        " letters than a to z percent-encoded, those of the host in punycode"
    ),
]
_Description = Annotated[str, Field(max_length=500, pattern=STORABLE)]
_EventType = Annotated[
    str,
    Field(
        max_length=300,
        pattern=rf"^(?:{_CHOICES}|touchpoint\.recorded:[^\x00]+)$",
        examples=["segment.entered", OF_ONE_NAME + "Order Completed"],
        description="a type of event, or `touchpoint.recorded:` and the name of an event",
    ),
    InWords(f"one of {', '.join(EVENT_TYPES)}, or {OF_ONE_NAME} and the name of an event"),
]
_EventTypes = Annotated[list[_EventType], Field(max_length=50, description="which events; none for every event")]
_AT_ONCE = "deliveries under way at once; with 1 they arrive in order"
# The limits are said outright: of a type with a validator before it, pydantic would write them as no schema knows them.
_Concurrency = Annotated[
    Whole, Field(ge=1, le=20), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 20, "description": _AT_ONCE})
]


class _ShortNames(Schema):
    """A body that chooses event types, by any of their names."""

    @field_validator("event_types", check_fields=False)
    @classmethod
    def _under_short_names(cls, types: list[str] | None) -> list[str] | None:
        return None if types is None else list(dict.fromkeys(CONTRACT_NAMES.get(each, each) for each in types))


class WantedEventTypes(_ShortNames):
    """Which events; none for those that the endpoint asks for."""

    event_types: _EventTypes = Field(default_factory=list)


class NewEndpoint(_ShortNames):
    """Where to post events, and which."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"url": "https://partner.example/hooks/rapport", "event_types": ["segment.entered"]}]
        }
    )

    url: _Url
    description: _Description = ""
    event_types: _EventTypes = Field(default_factory=list)
    concurrency: _Concurrency = 1
    disabled: bool = Field(False, strict=True)

    def wanted(self) -> WantedEndpoint:
        """What the use cases take."""
        return WantedEndpoint(
            url=self.url,
            description=self.description,
            event_types=tuple(self.event_types),
            concurrency=self.concurrency,
            disabled=self.disabled,
        )


class EndpointChange(_ShortNames):
    """What to change; what is left out or null stays as it is."""

    url: _Url | None = None
    description: _Description | None = None
    event_types: _EventTypes | None = None
    concurrency: _Concurrency | None = None
    disabled: Annotated[bool, Field(strict=True)] | None = None

    def wanted(self) -> WantedEndpoint:
        """What the use cases take."""
        return WantedEndpoint(
            url=self.url,
            description=self.description,
            event_types=None if self.event_types is None else tuple(self.event_types),
            concurrency=self.concurrency,
            disabled=self.disabled,
        )


class EndpointView(BaseModel):
    """An endpoint. `failing_since` is set while every attempt fails; `paused_until` while it is left alone."""

    id: str
    owner: str
    url: str
    description: str
    event_types: list[str]
    concurrency: int
    disabled: bool
    disabled_at: datetime | None
    disabled_reason: str | None
    failing_since: datetime | None
    paused_until: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, endpoint: Endpoint, condition: Condition | None = None) -> EndpointView:
        """The endpoint as it is shown."""
        return cls(
            id=endpoint.id,
            owner=endpoint.owner,
            url=endpoint.url,
            description=endpoint.description,
            event_types=list(endpoint.event_types),
            concurrency=endpoint.concurrency,
            disabled=endpoint.disabled_at is not None,
            disabled_at=endpoint.disabled_at,
            disabled_reason=endpoint.disabled_reason,
            failing_since=condition.failing_since if condition else None,
            paused_until=condition.paused_until if condition else None,
            version=endpoint.version,
            created_at=endpoint.created_at,
            updated_at=endpoint.updated_at,
        )


class SigningSecretView(BaseModel):
    """A `whsec_` secret; `signs_until` is set where a newer one has replaced it."""

    secret: str
    signs_until: datetime | None

    @classmethod
    def of(cls, secret: Secret) -> SigningSecretView:
        """The secret as it is shown."""
        return cls(secret=secret.text, signs_until=secret.until)


class SecretsView(BaseModel):
    """The secret that signs, and those that still sign beside it."""

    current: SigningSecretView
    replaced: list[SigningSecretView]

    @classmethod
    def of(cls, endpoint: Endpoint, now: datetime) -> SecretsView:
        """The secrets that sign at `now`."""
        current, *replaced = endpoint.secrets
        live = [SigningSecretView.of(each) for each in replaced if each.until is None or each.until > now]
        return cls(current=SigningSecretView.of(current), replaced=live)
