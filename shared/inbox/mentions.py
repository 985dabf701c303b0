"""Whom the data of an event are about, as far as a search can tell that knows no contract."""

from __future__ import annotations

from collections.abc import Collection

import msgspec


def is_about(data: bytes, names: Collection[str]) -> bool:
    """Whether a field of the JSON object is one of `names`, word for word; in what is no JSON, whether it holds one."""
    try:
        found = msgspec.json.decode(data)
    except msgspec.DecodeError:
        return any(name.encode() in data for name in names)
    return isinstance(found, dict) and any(value in names for value in found.values() if isinstance(value, str))
