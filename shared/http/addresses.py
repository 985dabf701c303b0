"""Addresses of requests, as they may be logged."""

from __future__ import annotations

from starlette.types import Scope

_SECRET_PARTS = frozenset({"token", "write_key"})
"""Parameters in paths that let whoever knows them do something."""


def loggable_path(scope: Scope) -> str:
    """The path of a request that was routed, with names in the place of the secrets in it."""
    path: str = scope["path"]
    for name, value in scope.get("path_params", {}).items():
        if name in _SECRET_PARTS:
            path = path.replace(str(value), f"{{{name}}}")
    return path
