"""What is told of a name that there is not."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches


def no_such(what: str, name: object, known: Collection[str]) -> str:
    """`no such field; did you mean html? there are subject, html, text`."""
    nearest = get_close_matches(name, known, n=1) if isinstance(name, str) else []
    meant = "".join(f"did you mean {each}? " for each in nearest)
    return f"no such {what}; {meant}there are {', '.join(known)}"
