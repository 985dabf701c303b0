"""Places in a JSON document: JSON pointers (RFC 6901) from the payload (`/a/b`) or the current element (`./a`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.events.domain.json_pointers import steps_of

PATTERN = r"^(?:\.|\.?(?:/(?:[^~/\x00]|~[01])*)+)$"
"""`/a/0/b` from the root, `./sku` from the current element of a list, `.` for that element itself."""


class Absent:
    """There is nothing at the place, or null."""


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class Scope:
    """Where pointers lead from: the whole payload, and the current element of a list (else the payload again)."""

    root: object
    element: object


@dataclass(frozen=True, slots=True)
class Pointer:
    """A place; `text` is how it was written."""

    text: str

    @property
    def is_absolute(self) -> bool:
        """Whether it leads from the payload, not from the current element."""
        return self.text.startswith("/")

    def find(self, scope: Scope) -> object:
        """The value at the place; ABSENT where there is none."""
        value = scope.root if self.is_absolute else scope.element
        for step in steps_of(self.text.removeprefix(".")):
            value = _step(value, step)
        return ABSENT if value is None else value


def _step(value: object, name: str) -> object:
    if isinstance(value, Mapping):
        return value.get(name)
    if isinstance(value, list) and name.isascii() and name.isdigit() and (name == "0" or name[0] != "0"):
        return value[int(name)] if len(name) < 7 and int(name) < len(value) else None
    return None
