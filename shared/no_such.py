"""What is told of a name that there is not."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches


def no_such(what: str, name: object, known: Collection[str]) -> str:
    """`no such field; did you mean html? there are subject, html, text`."""
    return f"no such {what}; {offered(name, known)}"


def offered(name: object, known: Collection[str], *, else_meant: str = "") -> str:
    """`did you mean html? there are subject, html, text`; `else_meant` is meant where none of them comes near."""
    near = get_close_matches(name, known, n=1) if isinstance(name, str) else []
    meant = next(iter(near), else_meant)
    guess = f"did you mean {meant}? " if meant else ""
    return f"{guess}there are {', '.join(known)}"
