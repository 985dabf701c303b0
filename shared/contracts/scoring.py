"""What scoring publishes on `scores`."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from shared.contracts.contract import Contract, Time, contract


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a score is what it is: a feature, its value for this customer, and a sentence for people."""

    feature: str
    value: float | str | None
    text: str


@contract
class ScoreComputedV1(Contract, frozen=True, kw_only=True):
    """One model's word on one profile, as of a moment. Of (profile, model) the one with the later `as_of` counts,
    and of the same `as_of` the one with the later `computed_at`.

    `model` is `rfm` or `lifetime_value`; `value` its main figure, `label` its class (the RFM block, say),
    `values` every figure by name (`recency_days`, `p_alive`, ...), money in minor units of `currency`.
    """

    event_type: ClassVar[str] = "rapport.scores.computed.v1"
    topic: ClassVar[str] = "scores"

    profile_id: str
    model: str
    model_version: str
    run_id: str
    value: float
    as_of: Time
    computed_at: Time
    label: str | None = None
    currency: str | None = None
    values: dict[str, Any] = {}
    reasons: tuple[Reason, ...] = ()

    @property
    def bus_key(self) -> str:
        return self.profile_id


@contract
class ScoreWithdrawnV1(Contract, frozen=True, kw_only=True):
    """A model has no word on a profile any more: a run that looked at `as_of` found nothing to score, and the run that
    counted before it had. Scores with an earlier `as_of` are taken back."""

    event_type: ClassVar[str] = "rapport.scores.withdrawn.v1"
    topic: ClassVar[str] = "scores"

    profile_id: str
    model: str
    run_id: str
    as_of: Time
    withdrawn_at: Time

    @property
    def bus_key(self) -> str:
        return self.profile_id
