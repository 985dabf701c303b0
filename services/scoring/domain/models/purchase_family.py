"""What every parametric model of repeat buying offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.scoring.domain.repeat_statistics import Floats, RepeatStatistics


class PurchaseFamily(Protocol):
    """A model of repeat buying with positive parameters; time in weeks.

    Every method takes the parameters, so that one can ask how an answer changes with them.
    """

    @property
    def name(self) -> str: ...

    @property
    def parameter_names(self) -> tuple[str, ...]: ...

    @property
    def starts(self) -> Sequence[Sequence[float]]:
        """Where a search for the maximum may begin."""
        ...

    def log_likelihood(self, parameters: Floats, seen: RepeatStatistics) -> tuple[float, Floats]:
        """The log-likelihood of all customers and its gradient by the parameters."""
        ...

    def p_alive(self, parameters: Floats, seen: RepeatStatistics) -> Floats:
        """For each row, the probability that the customer has not left for good."""
        ...

    def expected_purchases(self, parameters: Floats, seen: RepeatStatistics, *, weeks: Floats) -> Floats:
        """For each row and each horizon, the purchases to expect from now, whether or not the customer has left."""
        ...

    def expected_since_first(self, parameters: Floats, weeks: Floats) -> Floats:
        """Repeat purchases to expect of a new customer by each age."""
        ...
