"""The keys of a development suite: given by the environment, or made once and kept, beside its addresses."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_API, _WRITE = "RAPPORT_DEV_API_KEY", "RAPPORT_DEV_WRITE_KEY"


@dataclass(frozen=True)
class DevelopmentKeys:
    """An API key with every scope, and a write key that can only send events."""

    api_key: str
    write_key: str

    @property
    def environment(self) -> dict[str, str]:
        """As the services read them."""
        return {_API: self.api_key, _WRITE: self.write_key}


def development_keys(environment: Mapping[str, str], kept_in: Path, urls: Mapping[str, str]) -> DevelopmentKeys:
    """The environment's keys; what it lacks is read from `kept_in`, or made and kept there, readable by its owner only.

    `urls` are written beside them, so that a shell that reads the file knows where the suite is, too.
    Raises OSError when the file cannot be read or written.
    """
    kept = _read(kept_in)
    api_key = environment.get(_API) or kept.get(_API) or f"rk_{secrets.token_urlsafe(32)}"
    write_key = environment.get(_WRITE) or kept.get(_WRITE) or f"wk_{secrets.token_urlsafe(24)}"
    made = {name: key for name, key in ((_API, api_key), (_WRITE, write_key)) if not environment.get(name)}
    known = {**kept, **made, **urls}
    if known != kept:
        _write(kept_in, known)
    return DevelopmentKeys(api_key, write_key)


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    pairs = (line.partition("=") for line in path.read_text().splitlines())
    return {name: value for name, equals, value in pairs if equals and value}


def _write(path: Path, known: Mapping[str, str]) -> None:
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in known.items())
    draft.replace(path)
