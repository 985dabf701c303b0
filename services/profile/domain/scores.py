"""The latest word of each model on a customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.profile.domain.terms import Term, term_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What `model` said of a customer as they were at `as_of`."""

    profile_id: str
    model: str
    value: float
    label: str | None
    values: Mapping[str, Any]
    as_of: datetime
    computed_at: datetime

    def replaces(self, other: Score | None) -> bool:
        """Whether this is the later word: one that looks at a later moment, or at the same one and was computed later.
        So a look at the past replaces nothing that is known of today."""
        return other is None or (self.as_of, self.computed_at) > (other.as_of, other.computed_at)

    def figures(self) -> dict[str, Term]:
        """What segments can compare, by field; `value` and `label` are the model's own and come first."""
        further = {name: term_of(value) for name, value in self.values.items() if value is not None}
        label = {} if self.label is None else {"label": term_of(self.label)}
        return further | {"value": term_of(self.value)} | label
