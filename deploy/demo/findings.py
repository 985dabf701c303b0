"""What the demo found out, for the table and the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy.demo.checks import Check
from deploy.demo.suite_api import Json


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as it arrived."""

    sender: str
    recipient: str
    subject: str
    html: str


@dataclass(frozen=True, slots=True)
class SegmentFound:
    """A segment and how many are in it."""

    name: str
    meaning: str
    size: int


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One of the few figures that stand at the top."""

    name: str
    value: str


@dataclass
class Findings:
    """Filled stage by stage. `sends` counts messages by campaign and outcome; `happened` is lines for each service."""

    headline: str = ""
    figures: list[KeyFigure] = field(default_factory=list)

    checks: list[Check] = field(default_factory=list)
    happened: dict[str, list[str]] = field(default_factory=dict)
    customers: int = 0
    grid: list[Json] = field(default_factory=list)
    values_minor: list[float] = field(default_factory=list)
    fit: Json = field(default_factory=dict)
    segments: list[SegmentFound] = field(default_factory=list)
    sends: dict[str, Mapping[str, int]] = field(default_factory=dict)
    letters: list[Letter] = field(default_factory=list)

    def tell(self, service: str, line: str) -> None:
        """Add a line on what happened in a service."""
        self.happened.setdefault(service, []).append(line)
