"""What taking in facts needs of storage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.scoring.domain.orders import OrderStatement
from shared.contracts.events import OrderLine


@dataclass(frozen=True, slots=True)
class StatedOrder:
    """A statement about an order, with whom it is about and its products."""

    subject: str
    statement: OrderStatement
    lines: tuple[OrderLine, ...]
    received_at: datetime


class OrderLedger(Protocol):
    """Every statement about an order, once."""

    def add(self, stated: Sequence[StatedOrder]) -> None:
        """Keep statements; those whose id is known are kept already."""
        ...


@dataclass(frozen=True, slots=True)
class ProfileState:
    """What is kept of a profile: the subjects it is known by, and whether one of its identifiers is a person's."""

    profile_id: str
    version: int
    changed_at: datetime
    identified: bool
    subjects: tuple[str, ...]


class CustomerMap(Protocol):
    """Which profile each subject is, through every merge."""

    def save(self, states: Sequence[ProfileState]) -> None:
        """Keep the newest state of each profile; one older than what is known changes nothing."""
        ...

    def merge(self, *, survivor: str, merged: str) -> None:
        """From now on, and for good, `merged` is `survivor`."""
        ...
