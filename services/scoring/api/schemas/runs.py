"""Score runs: what is asked for, and how far they have come."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema

from services.scoring.api.schemas.models import ModelName
from services.scoring.api.schemas.run_reports import FitView, RunCounts
from services.scoring.use_cases.ports import RunSettings, ScoreRun
from shared.http.patterns import in_words, worded
from shared.http.schemas import Moment, Schema, Whole

_EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)


def _late_enough(as_of: datetime) -> datetime:
    if as_of < _EARLIEST:
        raise ValueError(f"must be {in_words(_LATE_ENOUGH)}")
    return as_of


_LATE_ENOUGH = worded("^(1970-(01-(0[2-9]|[1-3])|0[2-9]|1)|19(7[1-9]|[89])|[2-9])", "a time from 1970-01-02 on")
_AsOf = Annotated[
    Moment,
    AfterValidator(_late_enough),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": _LATE_ENOUGH}),
]
_HoldoutDays = Annotated[
    Whole, Field(ge=1, le=3_650), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 3_650})
]


class NewScoreRun(Schema):
    """Which models to run, as of when, and how lifetime value is checked and discounted."""

    models: list[ModelName] = Field(min_length=1, max_length=2, examples=[["rfm", "lifetime_value"]])
    as_of: Annotated[
        _AsOf | None,
        Field(
            description="use facts up to this moment, from 1970-01-02 on; now if left out",
            examples=["2011-12-10T00:00:00Z"],
        ),
    ] = None
    holdout_days: _HoldoutDays | None = Field(
        None,
        description="days held out of the fit to check it; a quarter of the history if left out",
    )
    holdout_tolerance: float = Field(
        0.25,
        strict=True,
        gt=0,
        le=10,
        description="largest error of the held-out total, as a fraction, at which a model passes",
    )
    annual_discount: float = Field(
        0.1, strict=True, ge=0, le=10, description="0.1: money in a year's time is worth a tenth less"
    )
    include_anonymous: bool = Field(False, strict=True, description="also score customers known by a device only")


class ScoreRunSummary(BaseModel):
    """A run and how far it has come."""

    id: str
    state: Literal["queued", "computing", "publishing", "succeeded", "failed"]
    trigger: Literal["request", "schedule"]
    models: list[ModelName]
    as_of: datetime
    holdout_days: int | None
    holdout_tolerance: float
    annual_discount: float
    include_anonymous: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    scores_computed: int
    scores_published: int
    error: str | None


class ScoreRunView(ScoreRunSummary):
    """A run with its report, once it has been computed. `fits` is by currency."""

    counts: RunCounts | None
    fits: dict[str, FitView]


def run_settings(body: NewScoreRun, *, now: datetime) -> RunSettings:
    """What was asked for, in the use case's words."""
    return RunSettings(
        models=tuple(dict.fromkeys(body.models)),
        as_of=body.as_of or now,
        holdout_days=body.holdout_days,
        holdout_tolerance=body.holdout_tolerance,
        annual_discount=body.annual_discount,
        include_anonymous=body.include_anonymous,
    )


def run_summary(run: ScoreRun) -> ScoreRunSummary:
    """A run without its report."""
    return ScoreRunSummary.model_validate(_common(run))


def run_view(run: ScoreRun) -> ScoreRunView:
    """A run with its report."""
    report = run.report or {}
    return ScoreRunView.model_validate({**_common(run), "counts": report.get("counts"), "fits": report.get("fits", {})})


def _common(run: ScoreRun) -> dict[str, object]:
    settings = run.settings
    return {
        "id": run.id,
        "state": run.state,
        "trigger": run.trigger,
        "models": list(settings.models),
        "as_of": settings.as_of,
        "holdout_days": settings.holdout_days,
        "holdout_tolerance": settings.holdout_tolerance,
        "annual_discount": settings.annual_discount,
        "include_anonymous": settings.include_anonymous,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "scores_computed": run.progress.staged,
        "scores_published": run.progress.published,
        "error": run.error,
    }
