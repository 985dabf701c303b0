"""What the checks of the architecture look at: the services as they declare themselves, and the project's files."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from shared.service_cli import Service
from shared.settings import ServiceSettings

ROOT = Path(__file__).parents[2]
SERVICES = ("profile", "messaging", "scoring", "events")


def declared(name: str) -> Service[Any]:
    """What `services/<name>/__main__.py` declares."""
    service: Service[Any] = import_module(f"services.{name}.__main__").SERVICE
    return service


def environment_names(settings: type[ServiceSettings]) -> dict[str, str]:
    """The environment variable of each setting, with the setting's name."""
    return {_alias(field.validation_alias) or f"RAPPORT_{name.upper()}": name for name, field in fields(settings)}


def fields(settings: type[ServiceSettings]) -> Iterator[tuple[str, Any]]:
    """Every setting of a class with what pydantic knows of it."""
    yield from settings.model_fields.items()


def all_environment_names() -> set[str]:
    """Every RAPPORT_* variable that a service reads."""
    return {variable for name in SERVICES for variable in environment_names(declared(name).settings)}


def _alias(alias: object) -> str | None:
    return alias if isinstance(alias, str) else None
