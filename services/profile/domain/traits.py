"""What is known of a customer, who said so and when: the last word by the time it was said wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.profile.domain.terms import term_of

MAX_KEY = 200
"""Characters of a trait's key; a longer one is no name."""

_WRITTEN_WITH_EXPONENT = 1e16
"""From here on the text of a float has an exponent (1e+16), and PostgreSQL gives it back as a whole number."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One statement about a trait; a `value` of None takes it back.

    `observed_at` is when it was true at the customer, `recorded_at` when it reached the profile.
    """

    key: str
    value: Any
    source_id: str
    touchpoint_id: str
    observed_at: datetime
    recorded_at: datetime

    def supersedes(self, other: Observation) -> bool:
        """Whether this is the later word; touchpoint ids break ties, so that any order of arrival agrees."""
        return (self.observed_at, self.touchpoint_id) > (other.observed_at, other.touchpoint_id)


@dataclass(frozen=True, slots=True)
class Settled:
    """What a profile's traits became: `current` are the rows to write, `history` the statements to keep,
    `changed` the keys whose value is another now."""

    current: Mapping[str, Observation]
    history: tuple[Observation, ...]
    changed: frozenset[str]


def settle(known: Mapping[str, Observation], heard: Iterable[Observation]) -> Settled:
    """Take in new statements, in any order, twice or once: the result is the same.

    The history keeps every statement that differs from the value at hand when it was heard.
    """
    current: dict[str, Observation] = {}
    history: list[Observation] = []
    for observation in heard:
        held = current.get(observation.key, known.get(observation.key))
        if held is None or not _same(held.value, observation.value):
            history.append(observation)
        if held is None or observation.supersedes(held):
            current[observation.key] = observation
    changed = frozenset(
        key
        for key, observation in current.items()
        if key not in known or not _same(known[key].value, observation.value)
    )
    return Settled(current, tuple(history), changed)


def present(traits: Mapping[str, Observation]) -> dict[str, Any]:
    """The values that stand, without those taken back."""
    return {key: observation.value for key, observation in traits.items() if observation.value is not None}


def is_withdrawn(traits: Mapping[str, Observation], key: str) -> bool:
    """Whether the last word about a trait took it back."""
    return key in traits and traits[key].value is None


def _same(one: Any, other: Any) -> bool:
    """Equality that tells true from 1 and 1 from 1.0, all the way down."""
    if type(one) is not type(other):
        return _same_large_number(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _same_large_number(one: Any, other: Any) -> bool:
    numbers = {type(one), type(other)} == {int, float}
    return numbers and abs(one) >= _WRITTEN_WITH_EXPONENT and term_of(one).number == term_of(other).number
