"""`python -m tests.architecture.settings_page`: write docs/settings.md from the settings classes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from annotated_types import BaseMetadata
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from shared.settings import ServiceSettings
from tests.architecture.suite import ROOT, SERVICES, declared

PAGE = ROOT / "docs" / "settings.md"
_HEAD = """# Settings

Every process reads its settings from the environment when it starts; there is no other place. A setting that is wrong
is one line on standard error and exit code 2. This page is written from the settings classes
(`python -m tests.architecture.settings_page`), and a test holds it to them.
"""
_SAME_EVERYWHERE = {
    "_database_url": "its own database: `sqlite:///path` or `postgresql://user:password@host/name`",
    "_port": "where its HTTP API listens",
}
_TABLE = "| variable | default | what it is |\n|---|---|---|\n"


def page() -> str:
    """The whole page."""
    parts = [_HEAD, "## All services\n", _table(ServiceSettings, set())]
    for service in SERVICES:
        parts += [f"## {service}\n", _table(declared(service).settings, set(ServiceSettings.model_fields))]
    return "\n".join(parts)


def _table(settings: type[ServiceSettings], without: set[str]) -> str:
    return _TABLE + "".join(_row(n, f) for n, f in settings.model_fields.items() if n not in without)


def _row(name: str, field: FieldInfo) -> str:
    by_name = [words for ending, words in _SAME_EVERYWHERE.items() if name.endswith(ending)]
    says = "; ".join(filter(None, (field.description or "".join(by_name), *_limits(field))))
    return f"| `RAPPORT_{name.upper()}` | {_default(field)} | {says} |\n"


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True, validated_data={"data_dir": Path("var")})
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return "" if value is None else f"`{list(value) if isinstance(value, tuple) else value}`"


def _limits(field: FieldInfo) -> Iterator[str]:
    choices = get_args(field.annotation)
    if choices and all(isinstance(choice, str) for choice in choices):
        yield "one of " + ", ".join(f"`{choice}`" for choice in choices)
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    stated = [limit for limit in field.metadata if isinstance(limit, BaseMetadata)]
    found = {key: getattr(limit, key) for limit in stated for key in words if hasattr(limit, key)}
    if found.keys() == {"ge", "le"}:
        yield f"{found['ge']} to {found['le']}"
    else:
        yield from (f"{words[key]} {value}" for key, value in found.items())


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
