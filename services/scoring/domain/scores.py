"""Scores: one model's word on one customer, with what drove it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.scoring.domain.reasons import Driver

RFM = "rfm"
LIFETIME_VALUE = "lifetime_value"
VERSIONS: Mapping[str, str] = {RFM: "1", LIFETIME_VALUE: "1"}
MODELS = tuple(VERSIONS)

Figure = float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class Score:
    """`value` is the main figure, `label` the class, `values` every figure by name; money in minor units."""

    profile_id: str
    model: str
    value: float
    label: str
    currency: str
    values: Mapping[str, Figure]
    drivers: tuple[Driver, ...]
