"""How a partner signs its webhooks, over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from services.events.domain.inbound.signatures import (
    TOLERANCE_S,
    HmacSignature,
    SignedTimestamp,
    StandardWebhooks,
    Verification,
)
from shared.http.patterns import worded
from shared.http.schemas import InWords, Schema, Whole

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
AnySecret = Annotated[
    str,
    Field(pattern=r"^[\x21-\x7e][\x20-\x7e]{6,198}[\x21-\x7e]$"),
    InWords("8 to 200 characters of ASCII, no space at either end"),
]
TOLD_ONCE = "the partner's; made here and shown once if left out"


class StandardVerification(Schema):
    """Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`, or the same with `svix-`."""

    kind: Literal["standard-webhooks"]
    secret: _StandardSecret | None = Field(None, description=TOLD_ONCE)
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
    secret: AnySecret | None = Field(None, description=TOLD_ONCE)
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
