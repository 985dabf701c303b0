"""JSON pointers (RFC 6901): a `/` and a name, or a place in a list, for each step; `~1` is a `/` in it, `~0` a `~`."""

from __future__ import annotations

from collections.abc import Iterable


def steps_of(pointer: str) -> list[str]:
    """The names that lead from the top of a document to where `pointer` points; none for the top itself."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def pointer_to(steps: Iterable[str]) -> str:
    """The pointer that leads by these names."""
    return "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)
