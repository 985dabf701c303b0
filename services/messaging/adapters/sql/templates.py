"""Templates and their versions."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from services.messaging.adapters.sql.tables import template_versions, templates
from services.messaging.domain.errors import TemplateNotFound
from services.messaging.domain.languages import as_language
from services.messaging.domain.templates import Template, TemplateVersion, Variant


class SqlTemplates:
    """Templates, in one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, template: Template) -> None:
        """Store a new template with its first version."""
        self._session.execute(
            insert(templates).values(
                id=template.template_id,
                name=template.name,
                version=template.current.version,
                created_at=template.created_at,
                updated_at=template.updated_at,
            )
        )
        self._add_version(template)

    def get(self, template_id: str) -> Template:
        """A template with its current version. Raises TemplateNotFound."""
        row = self._session.execute(select(templates).where(templates.c.id == template_id)).first()
        if row is None:
            raise TemplateNotFound(f"there is no template {template_id}")
        return self._template(row)

    def page(self, *, after: str | None, limit: int) -> list[Template]:
        """Templates by id, oldest first, after the id `after`."""
        query = select(templates).order_by(templates.c.id).limit(limit)
        if after is not None:
            query = query.where(templates.c.id > after)
        return [self._template(row) for row in self._session.execute(query).all()]

    def replace(self, template: Template) -> bool:
        """Add `template.current` as a version and make it current; False when the current one is not that before."""
        before = templates.c.version == template.current.version - 1
        moved = update(templates).where(templates.c.id == template.template_id, before).returning(templates.c.id)
        values = {"name": template.name, "version": template.current.version, "updated_at": template.updated_at}
        if not self._session.execute(moved.values(values)).all():
            return False
        self._add_version(template)
        return True

    def version(self, template_id: str, version: int) -> TemplateVersion:
        """One version, pinned for good. Raises TemplateNotFound."""
        wanted = (template_versions.c.template_id == template_id) & (template_versions.c.version == version)
        row = self._session.execute(select(template_versions).where(wanted)).first()
        if row is None:
            raise TemplateNotFound(f"there is no version {version} of template {template_id}")
        return _version(row)

    def _template(self, row: Row[Any]) -> Template:
        return Template(
            template_id=row.id,
            name=row.name,
            created_at=row.created_at,
            updated_at=row.updated_at,
            current=self.version(row.id, row.version),
        )

    def _add_version(self, template: Template) -> None:
        current = template.current
        self._session.execute(
            insert(template_versions).values(
                template_id=current.template_id,
                version=current.version,
                default_language=current.default_language,
                variants={language: asdict(variant) for language, variant in current.variants.items()},
                created_at=template.updated_at,
            )
        )


def _version(row: Row[Any]) -> TemplateVersion:
    return TemplateVersion(
        template_id=row.template_id,
        version=row.version,
        default_language=as_language(row.default_language),
        variants={as_language(language): Variant(**parts) for language, parts in row.variants.items()},
    )
