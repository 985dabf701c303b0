"""What a score run reports: who was scored, and how well each model fits."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field


class RunCounts(BaseModel):
    """Customers by what became of them. Those without a profile are scored once profile has told of them."""

    scored: int
    orders: int
    anonymous: int
    without_profile: int
    without_purchase: int


class ParameterView(BaseModel):
    """A parameter; without convergence it has no standard error."""

    name: str
    value: float | None
    standard_error: float | None


class EstimateView(BaseModel):
    """A maximum-likelihood estimate, and whether it is one."""

    parameters: list[ParameterView]
    log_likelihood: float | None
    observations: int
    converged: bool
    message: str


class BacktestView(BaseModel):
    """Fitted to the calibration part, held against the holdout part."""

    calibration_days: int
    holdout_days: int
    customers: int
    expected_repeats: float | None
    actual_repeats: int
    bias: float | None = Field(description="(expected - actual) / actual")
    mean_absolute_error: float | None


class AttemptView(BaseModel):
    """One model that was tried, and why it was not taken."""

    model: str
    accepted: bool
    refusal: str | None
    calibration: EstimateView | None
    backtest: BacktestView | None
    whole: EstimateView | None


class SpendingView(BaseModel):
    """How the money of a visit was modelled; `fallback` says why not by Gamma-Gamma."""

    model: str
    estimate: EstimateView | None
    correlation_with_frequency: float | None
    fallback: str | None


class TrackingWeekView(BaseModel):
    """Repeat purchases of one week: expected by the model fitted to the calibration part, and actual."""

    week: int
    ends_on: date
    expected: float | None
    actual: int
    holdout: bool


class FitView(BaseModel):
    """How the customers of one home currency were modelled."""

    customers: int
    repeaters: int
    repeat_purchases: int
    purchase_model: str
    attempts: list[AttemptView]
    spending: SpendingView
    flagged_customers: int
    total_value_minor: float | None
    value_deciles_minor: list[float]
    tracking: list[TrackingWeekView]
