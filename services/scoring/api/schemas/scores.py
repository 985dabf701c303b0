"""Scores and their reasons."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from services.scoring.adapters.sql.score_queries import DatedScore
from services.scoring.api.schemas.models import ModelName
from services.scoring.domain.reasons import Language, sentence
from services.scoring.domain.scores import VERSIONS


class ReasonView(BaseModel):
    """A feature that moved the score, the customer's value of it, the median customer's, and a sentence."""

    feature: str = Field(examples=["recency_days"])
    value: float | str = Field(examples=[3])
    typical: float | None = Field(examples=[51.0])
    text: str = Field(examples=["Last bought 3 days ago (typical: 51)."])


class ScoreView(BaseModel):
    """One model's word on one customer. Money is in minor units of `currency`."""

    profile_id: str
    model: ModelName
    model_version: str = Field(examples=["1"])
    run_id: str
    as_of: datetime = Field(description="the moment whose facts were used")
    computed_at: datetime
    value: float = Field(description="rfm: the three scores' sum, 3-15; lifetime_value: minor units", examples=[14])
    label: str = Field(description="rfm: the block A-F; lifetime_value: low, middle or high", examples=["A"])
    currency: str = Field(examples=["GBP"])
    values: dict[str, float | int | str | bool | None] = Field(
        description="every figure by name", examples=[{"cell": "554", "lapsing": False, "visits": 34}]
    )
    reasons: list[ReasonView]


class ProfileScores(BaseModel):
    """The scores of one customer. `profile_id` is the survivor when the profile asked for was merged."""

    profile_id: str
    scores: list[ScoreView]


def score_view(dated: DatedScore, language: Language) -> ScoreView:
    """A score as it is shown."""
    score = dated.score
    return ScoreView.model_validate(
        {
            "profile_id": score.profile_id,
            "model": score.model,
            "model_version": VERSIONS[score.model],
            "run_id": dated.run_id,
            "as_of": dated.as_of,
            "computed_at": dated.computed_at,
            "value": score.value,
            "label": score.label,
            "currency": score.currency,
            "values": dict(score.values),
            "reasons": [
                {
                    "feature": driver.feature,
                    "value": driver.value,
                    "typical": driver.typical,
                    "text": sentence(driver, currency=score.currency, language=language),
                }
                for driver in score.drivers
            ],
        }
    )
