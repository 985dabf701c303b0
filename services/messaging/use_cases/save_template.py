"""Creates templates and adds versions to them; a saved version never changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from services.messaging.domain.languages import Language
from services.messaging.domain.templates import Template, TemplateVersion, Variant
from services.messaging.use_cases.ports import TemplateLanguage, Templates
from shared.clock import Clock
from shared.ids import new_id
from shared.versions import VersionConflict, check_seen


class SaveTemplate:
    """Saves what the template language accepts."""

    def __init__(self, language: TemplateLanguage, clock: Clock) -> None:
        self._language = language
        self._clock = clock

    def create(
        self, templates: Templates, *, name: str, default_language: Language, variants: Mapping[Language, Variant]
    ) -> Template:
        """A new template, version 1. Raises TemplateInvalid."""
        now = self._clock()
        first = TemplateVersion(new_id(), 1, default_language, variants)
        self._language.check(first)
        template = Template(first.template_id, name, created_at=now, updated_at=now, current=first)
        templates.add(template)
        return template

    def revise(
        self, templates: Templates, template: Template, *, seen: int | None, new: TemplateVersion, name: str
    ) -> Template:
        """The next version of `template`. Raises TemplateInvalid; VersionConflict when another is current."""
        self._language.check(new)
        current = template.current.version
        check_seen(seen, current=current)
        version = replace(new, template_id=template.template_id, version=current + 1)
        revised = replace(template, name=name, updated_at=self._clock(), current=version)
        if not templates.replace(revised):
            raise VersionConflict("it was changed at the same time")
        return revised
