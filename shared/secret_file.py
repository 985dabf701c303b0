"""Secrets that settings name, or that a development machine makes for itself, once."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from pydantic import SecretStr


def secret_of(setting: SecretStr | None, path: Path) -> str:
    """The secret that settings name, or else the one in the file `path`. Raises OSError."""
    return setting.get_secret_value() if setting is not None else _read_or_make(path)


def _read_or_make(path: Path) -> str:
    """Readable by its owner only; made when missing, by one of several."""
    if not path.exists():
        _make(path)
    return path.read_text().strip()


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())  # the name must not outlive what is in it: an empty secret would be taken for one
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
