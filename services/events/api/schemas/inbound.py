"""Inbound sources over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from services.events.api.schemas.currencies import DefaultCurrency
from services.events.api.schemas.mapping import EXAMPLE, MappingDocument
from services.events.domain.inbound.errors import MappingFlaw
from services.events.domain.inbound.signatures import (
    TOLERANCE_S,
    HmacSignature,
    SignedTimestamp,
    StandardWebhooks,
    Verification,
)
from services.events.use_cases.inbound.keep_inbound_sources import WantedInboundSource
from services.events.use_cases.inbound.ports import InboundSecret, InboundSource
from shared.http.patterns import ID, worded
from shared.http.schemas import InWords, Schema, Slug, Whole

InboundSourceId = Annotated[str, Path(max_length=36, pattern=ID, description="an inbound source's id")]
SecretId = Annotated[str, Path(max_length=36, pattern=ID, description="a secret's id")]

_Header = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9-]{1,100}$"),
    InWords("the name of a header: letters, digits and hyphens, at most 100"),
]
_FieldName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{1,50}$"), InWords("1 to 50 letters, digits, hyphens and underscores")
]
_FIELD = "which of the `name=value` that the header lists, with commas or semicolons between them; else all of it"
_PREFIX = worded(
    r"^(?:[\x21-\x7e](?:[\x20-\x7e]{0,48}[\x21-\x7e])?)?$", "at most 50 characters of ASCII, no space at either end"
)
_TEMPLATE = (
    r"^[\x21-\x7a|~]{0,30}(?:\{timestamp\}[\x21-\x7a|~]{0,10}\{body\}|\{body\}[\x21-\x7a|~]{0,10}\{timestamp\})"
    r"[\x21-\x7a|~]{0,30}$"
)
_Template = Annotated[
    str, Field(pattern=_TEMPLATE), InWords("{timestamp} and {body} once each, with little between and no spaces")
]
_STANDARD_SECRET = r"^whsec_(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"  # noqa: S105
_StandardSecret = Annotated[
    str, Field(pattern=_STANDARD_SECRET), InWords("whsec_ and the Base64 of 24 to 64 bytes (Standard Webhooks)")
]
_AnySecret = Annotated[
    str, Field(pattern=r"^[\x21-\x7e]{8,200}$"), InWords("8 to 200 characters of ASCII without spaces")
]
_TOLD_ONCE = "the partner's; made here and shown once if left out"


class StandardVerification(Schema):
    """Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`, or the same with `svix-`."""

    kind: Literal["standard-webhooks"]
    secret: _StandardSecret | None = Field(None, description=_TOLD_ONCE)
    tolerance_s: Whole = Field(TOLERANCE_S, ge=1, le=3_600)

    def read(self) -> Verification:
        """What the domain knows it by."""
        return StandardWebhooks(self.tolerance_s)


class TimestampRule(Schema):
    """A header with seconds (or milliseconds) since 1970 that is signed together with the body."""

    header: _Header = Field(examples=["X-Shop-Timestamp"])
    field: _FieldName | None = Field(None, description=_FIELD, examples=["t"])
    template: _Template = Field("{timestamp}.{body}", description="what is signed")
    tolerance_s: Whole = Field(TOLERANCE_S, ge=1, le=3_600)


class HmacVerification(Schema):
    """A partner's own way: one header with an HMAC over the body, or over a time and the body."""

    kind: Literal["hmac"]
    header: _Header = Field(examples=["X-Shop-Hmac-Sha256"])
    field: _FieldName | None = Field(None, description=_FIELD, examples=["v1"])
    secret: _AnySecret | None = Field(None, description=_TOLD_ONCE)
    digest: Literal["sha256", "sha1", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = Field("", pattern=_PREFIX, examples=["sha256="])
    timestamp: TimestampRule | None = Field(None)

    def read(self) -> Verification:
        """What the domain knows it by."""
        return HmacSignature(
            header=self.header,
            field=self.field,
            digest=self.digest,
            encoding=self.encoding,
            prefix=self.prefix,
            timestamp=None if self.timestamp is None else SignedTimestamp(**self.timestamp.model_dump()),
        )


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

    secret: _AnySecret | None = Field(None, description=_TOLD_ONCE, examples=["a-secret-of-the-partner"])


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


class DryRun(Schema):
    """A payload to try, with the stored mapping or another one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"payload": {"topic": "orders/paid", "orders": []}}]})

    payload: Any = Field(description="as the partner would send it")
    mapping: MappingDocument | None = Field(None)


class DryRunFlaw(BaseModel):
    """Why a payload would be kept as a dead letter; `element` counts from 0 in `for_each`."""

    target: str
    reason: str
    element: int | None

    @classmethod
    def of(cls, flaw: MappingFlaw) -> DryRunFlaw:
        """The flaw as it is shown."""
        return cls(target=flaw.target, reason=flaw.reason, element=flaw.element)


class DryRunView(BaseModel):
    """The calls that a payload would make, or the first problems; nothing is kept."""

    calls: list[dict[str, Any]]
    passed_over: int
    problems: list[DryRunFlaw]


class Taken(BaseModel):
    """The webhook is durable."""

    success: Literal[True] = True
