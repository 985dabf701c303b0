"""What can be wrong with a partner's webhook.

Tree::

    EventsError
     +-- InboundSourceNotFound    the caller has no inbound source of this id
     +-- InboundNameTaken         the caller has an inbound source of this name already
     +-- UnusableSecret           a secret that this kind of verification cannot use, or one too many or too few
     +-- Unverified               the signature, or the time that it covers, does not hold
    Unmappable                    a verified payload that the mapping makes no calls of
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.events.domain.errors import EventsError


class InboundSourceNotFound(EventsError):
    """No inbound source that the caller may see has this id."""


class InboundNameTaken(EventsError):
    """The caller has an inbound source of this name already."""


class UnusableSecret(EventsError):
    """This secret cannot be used, or a source would have more than two secrets, or none."""


class Unverified(EventsError):
    """The signature, or the time that it covers, does not hold."""


@dataclass(frozen=True, slots=True)
class MappingFlaw:
    """Why a payload could not be mapped. `target` is the part of the mapping, `element` its place in `for_each`."""

    target: str
    reason: str
    element: int | None = None


class Unmappable(Exception):
    """A payload of which no calls can be made, with the first reasons."""

    def __init__(self, flaws: Sequence[MappingFlaw]) -> None:
        self.flaws = tuple(flaws)
        super().__init__("; ".join(f"{_place(flaw)}: {flaw.reason}" for flaw in self.flaws))


def _place(flaw: MappingFlaw) -> str:
    return flaw.target if flaw.element is None else f"{flaw.target} of element {flaw.element}"
