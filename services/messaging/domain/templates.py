"""A text with gaps, in each language, in numbered versions that never change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.messaging.domain.errors import Flaw, TemplateInvalid
from services.messaging.domain.languages import Language

LONGEST_SUBJECT = 255
LONGEST_FILLED_SUBJECT = 900
"""Characters once it is filled in: a header takes little more, and a long value must cost nobody the letter."""

LONGEST_BODY = 100_000
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Variant:
    """The sources of one language; at least one of `html` and `text`."""

    subject: str
    html: str | None = None
    text: str | None = None

    def parts(self) -> Mapping[str, str]:
        """The sources that are there, by name."""
        named = {"subject": self.subject, "html": self.html, "text": self.text}
        return {name: source for name, source in named.items() if source is not None}


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """What a campaign pins. `default_language` is for readers of others, where there is a text in it."""

    template_id: str
    version: int
    default_language: Language
    variants: Mapping[Language, Variant]


@dataclass(frozen=True, slots=True)
class Template:
    """A template and its current version."""

    template_id: str
    name: str
    created_at: datetime
    updated_at: datetime
    current: TemplateVersion

    def at(self, version: TemplateVersion) -> Template:
        """The template as it was at one of its versions."""
        return replace(self, current=version)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message filled in for one customer; at least one of `html` and `text`."""

    language: Language
    subject: str
    html: str | None = None
    text: str | None = None


def check_shape(version: TemplateVersion) -> None:
    """Check what needs no template language. Raises TemplateInvalid with every flaw."""
    flaws = []
    for language, variant in version.variants.items():
        if not (variant.html or "").strip() and not (variant.text or "").strip():
            flaws.append(Flaw(language, 1, "give at least one of html and text"))
        if not variant.subject.strip() or len(variant.subject) > LONGEST_SUBJECT or _CONTROLS.search(variant.subject):
            reason = f"one line of 1 to {LONGEST_SUBJECT} characters is needed"
            flaws.append(Flaw(f"{language}.subject", 1, reason))
        for part in ("html", "text"):
            if len(variant.parts().get(part, "")) > LONGEST_BODY:
                flaws.append(Flaw(f"{language}.{part}", 1, f"longer than {LONGEST_BODY} characters"))
    if flaws:
        raise TemplateInvalid(tuple(flaws))
