"""Options that all commands have."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.command.api import Api

Url = Annotated[
    str, typer.Option(envvar="RAPPORT_EVENTS_URL", default_factory=lambda: "http://127.0.0.1:8104", help="events")
]
Key = Annotated[str, typer.Option(envvar="RAPPORT_API_KEY", help="an API key with imports:read and imports:write")]
Json = Annotated[bool, typer.Option("--json", help="the answer as JSON on standard output, for programs")]


def opened(url: str, key: str) -> Api:
    """The service."""
    return Api(url, key)
