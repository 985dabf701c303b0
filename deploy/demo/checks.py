"""Comparing what came out with what must."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from decimal import Decimal

Figure = int | str | Decimal


@dataclass(frozen=True, slots=True)
class Check:
    """One figure: where it was read, what it is of, what it must be and what it is."""

    where: str
    what: str
    expected: Figure
    actual: Figure

    @property
    def holds(self) -> bool:
        """Whether both are the same."""
        return self.expected == self.actual

    def __str__(self) -> str:
        return f"{self.where}: {self.what} is {told(self.actual)}, must be {told(self.expected)}"


def told(figure: Figure) -> str:
    """A figure as people read it."""
    return figure if isinstance(figure, str) else f"{figure:,}"


def money(minor: int) -> Decimal:
    """Pence as pounds."""
    return Decimal(minor).scaleb(-2)


def same_members(where: str, what: str, expected: Set[str], actual: Set[str]) -> Iterable[Check]:
    """That two sets are the same: none missing, none too many; and their size, for people to read."""
    yield Check(where, what, len(expected), len(actual))
    yield Check(where, f"{what}: missing", "none", _some(expected - actual))
    yield Check(where, f"{what}: too many", "none", _some(actual - expected))


def failed(checks: Iterable[Check]) -> list[Check]:
    """Those that do not hold."""
    return [check for check in checks if not check.holds]


def _some(members: Set[str]) -> str:
    if not members:
        return "none"
    shown = sorted(members)[:5]
    return f"{len(members)}, such as {', '.join(shown)}"
