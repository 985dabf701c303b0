"""Inbound sources over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from services.events.api.schemas.currencies import DefaultCurrency
from services.events.api.schemas.mapping import EXAMPLE, MappingDocument
from services.events.api.schemas.verification import TOLD_ONCE, AnySecret, HmacVerification, StandardVerification
from services.events.use_cases.inbound.keep_inbound_sources import WantedInboundSource
from services.events.use_cases.inbound.ports import InboundSecret, InboundSource
from shared.http.patterns import ID
from shared.http.schemas import Schema, Slug

InboundSourceId = Annotated[str, Path(max_length=36, pattern=ID, description="an inbound source's id")]
SecretId = Annotated[str, Path(max_length=36, pattern=ID, description="a secret's id")]


class InboundDefinition(Schema):
    """What may be changed of an inbound source."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "shop", "mapping": EXAMPLE}]})

    name: Slug = Field(examples=["shop"])
    mapping: MappingDocument
    default_currency: DefaultCurrency = Field(None, description="ISO 4217; meant where an order names none")

    def wanted(self) -> WantedInboundSource:
        """What the use cases take."""
        return WantedInboundSource(
            name=self.name, mapping=self.mapping.document(), default_currency=self.default_currency
        )


class NewInboundSource(InboundDefinition):
    """A partner that is going to send webhooks."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "shop", "verification": {"kind": "standard-webhooks"}, "mapping": EXAMPLE}]
        }
    )

    verification: StandardVerification | HmacVerification = Field(discriminator="kind")


class NewSecret(Schema):
    """A second secret, so that the partner can change over."""

    secret: AnySecret | None = Field(None, description=TOLD_ONCE, examples=["a-secret-of-the-partner"])


class InboundSecretView(BaseModel):
    """A live secret, without itself."""

    id: str
    created_at: datetime


class CreatedSecret(InboundSecretView):
    """`secret` is there only if it was made here, and only this once."""

    secret: str | None

    @classmethod
    def of(cls, kept: InboundSecret, made: str | None) -> CreatedSecret:
        """The answer to whoever added it."""
        return cls(id=kept.id, created_at=kept.created_at, secret=made)


class InboundSourceView(BaseModel):
    """An inbound source; the partner POSTs to `path`. `owner` is the API key that made it."""

    id: str
    owner: str
    name: str
    path: str
    verification: dict[str, Any]
    mapping: dict[str, Any]
    default_currency: str | None
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, source: InboundSource, verification: dict[str, Any]) -> InboundSourceView:
        """The source as it is shown; `verification` without secrets."""
        return cls(
            id=source.id,
            owner=source.owner,
            name=source.name,
            path=f"/v1/inbound/{source.id}",
            verification=verification,
            mapping=dict(source.mapping),
            default_currency=source.default_currency,
            version=source.version,
            created_at=source.created_at,
            updated_at=source.updated_at,
        )


class InboundSourceDetail(InboundSourceView):
    """An inbound source with its live secrets."""

    secrets: list[InboundSecretView]


class CreatedInboundSource(InboundSourceView):
    """`secret` is there only if it was made here, and only this once."""

    secret: str | None


class Taken(BaseModel):
    """The webhook is durable."""

    success: Literal[True] = True
