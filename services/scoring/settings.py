"""What scoring is configured with."""

from __future__ import annotations

from pydantic import Field

from shared.settings import ServiceSettings, under_data_dir


class ScoringSettings(ServiceSettings):
    """`RAPPORT_SCORING_*`, and what all services share."""

    scoring_database_url: str = under_data_dir("scoring.db", scheme="sqlite:///")
    scoring_port: int = Field(8103, ge=1, le=65535)
    scoring_run_every_hours: float = Field(
        24, gt=0, le=8_760, description="hours between two runs that nobody asked for, of every model"
    )
    scoring_keep_runs: int = Field(
        10,
        ge=1,
        le=1_000,
        description="how many of the last runs keep their scores, beside those that count; reports are kept for good",
    )
