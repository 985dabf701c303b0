"""Templates as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, JsonValue

from services.messaging.api.schemas.texts import ONE_LINE, SOMETHING, Name
from services.messaging.domain.campaigns import Sender
from services.messaging.domain.contacts import Contact, LastPurchase
from services.messaging.domain.languages import Language
from services.messaging.domain.templates import (
    LONGEST_BODY,
    LONGEST_SUBJECT,
    Rendered,
    Template,
    TemplateVersion,
    Variant,
)
from shared.http.patterns import CURRENCY, UUID
from shared.http.schemas import Moment, Schema

EXAMPLE: dict[str, Any] = {
    "name": "Thank you for your purchase",
    "default_language": "en",
    "variants": {
        "en": {
            "subject": "Thank you, {{ first_name }}",
            "html": "<p>{{ salutation }},</p>{% if last_purchase %}<p>thank you for your order of "
            '{{ last_purchase.date }}.</p>{% endif %}<p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>',
            "text": "{{ salutation }},\n\n{% if last_purchase %}thank you for your order of {{ last_purchase.date }}."
            "{% endif %}\n\nUnsubscribe: {{ unsubscribe_url }}\n",
        },
        "zh-TW": {
            "subject": "{{ full_name }}，謝謝您",
            "text": "{{ salutation }}：\n\n謝謝您的支持。\n\n取消訂閱：{{ unsubscribe_url }}\n",
        },
    },
}


class VariantBody(Schema):
    """One language; at least one of `html` and `text`."""

    subject: str = Field(min_length=1, max_length=LONGEST_SUBJECT, pattern=ONE_LINE)
    html: str | None = Field(None, max_length=LONGEST_BODY, pattern=SOMETHING)
    text: str | None = Field(None, max_length=LONGEST_BODY, pattern=SOMETHING)

    model_config = {
        "json_schema_extra": {
            "anyOf": [{"required": [part], "properties": {part: {"type": "string"}}} for part in ("html", "text")]
        }
    }


class TemplateDraft(Schema):
    """A template: its texts in each language, Jinja2 cut down to printing, if, for and a few filters.

    Variables: `salutation`, `first_name`, `last_name`, `full_name`, `sender`, `unsubscribe_url`,
    `last_purchase.{date, amount, products, order_id}` and `traits.<name>`; the last two need a `default` or an `if`.
    """

    name: Name
    default_language: Language = "en"
    variants: dict[Language, VariantBody] = Field(min_length=1)

    model_config = {"json_schema_extra": {"examples": [EXAMPLE]}}

    def texts(self) -> dict[Language, Variant]:
        """The same as the domain knows it."""
        return {language: Variant(body.subject, body.html, body.text) for language, body in self.variants.items()}

    def version(self) -> TemplateVersion:
        """A version without a number yet."""
        return TemplateVersion("", 0, self.default_language, self.texts())


class VariantView(BaseModel):
    """One language of a template."""

    subject: str
    html: str | None
    text: str | None


class TemplateView(BaseModel):
    """A template at its current version; campaigns pin the version they were planned with."""

    id: str
    name: str
    version: int
    default_language: Language
    variants: dict[Language, VariantView]
    created_at: datetime
    updated_at: datetime


class SamplePurchase(Schema):
    """A last purchase made up for a preview; money in minor units of an ISO 4217 currency."""

    at: Moment = Field(examples=["2026-05-01T10:00:00Z"])
    order_id: str | None = Field(None, max_length=100)
    amount_minor: int | None = Field(None, ge=-(10**15), le=10**15)
    currency: str | None = Field(None, pattern=CURRENCY)
    products: list[Annotated[str, Field(max_length=200)]] = Field([], max_length=50)


class Reader(Schema):
    """Whom to write to: a known profile, or sample data."""

    profile_id: str | None = Field(None, pattern=UUID)
    language: str | None = Field(None, max_length=35, description="BCP 47", examples=["zh-TW"])
    timezone: str | None = Field(None, max_length=64, examples=["Asia/Taipei"])
    traits: dict[str, JsonValue] = Field({}, max_length=100, examples=[{"name": "王小明", "gender": "male"}])
    last_purchase: SamplePurchase | None = None

    def contact(self) -> Contact:
        """The sample as a customer."""
        purchase = self.last_purchase
        return Contact(
            profile_id="sample",
            language=self.language,
            timezone=self.timezone,
            traits=self.traits,
            last_purchase=LastPurchase(
                at=purchase.at,
                order_id=purchase.order_id,
                amount_minor=purchase.amount_minor,
                currency=purchase.currency,
                products=tuple(purchase.products),
            )
            if purchase
            else None,
        )


class PreviewRequest(Reader):
    """Whom to write to, and who writes."""

    sender_name: Name = "Rapport"

    def sender(self) -> Sender:
        """Who writes, in the preview."""
        return Sender("preview@example.com", self.sender_name)


class RenderedView(BaseModel):
    """A message as a customer would read it; its unsubscribe link does nothing."""

    language: Language
    subject: str
    html: str | None
    text: str | None


def template_view(template: Template) -> TemplateView:
    """A template as the API shows it."""
    current = template.current
    return TemplateView(
        id=template.template_id,
        name=template.name,
        version=current.version,
        default_language=current.default_language,
        variants={
            language: VariantView(subject=each.subject, html=each.html, text=each.text)
            for language, each in current.variants.items()
        },
        created_at=template.created_at,
        updated_at=template.updated_at,
    )


def rendered_view(rendered: Rendered) -> RenderedView:
    """A rendered message as the API shows it."""
    return RenderedView.model_validate(rendered, from_attributes=True)
