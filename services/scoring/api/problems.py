"""How the errors of scoring are told over HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from services.scoring.domain.errors import (
    InvalidRun,
    ScoringError,
    TooFewData,
    UnknownModel,
    UnknownProfile,
    UnknownRun,
)
from shared.http.problems import ProblemSpec

PROBLEMS: Mapping[type[Exception], ProblemSpec] = {
    UnknownModel: ProblemSpec(status=422, code="unknown_model", title="There is no such model"),
    InvalidRun: ProblemSpec(status=409, code="invalid_run", title="The run cannot be done now"),
    UnknownRun: ProblemSpec(status=404, code="unknown_run", title="There is no such score run"),
    UnknownProfile: ProblemSpec(status=404, code="unknown_profile", title="There is no such profile"),
    TooFewData: ProblemSpec(status=422, code="too_few_data", title="There are too few customers to fit a model to"),
    ScoringError: ProblemSpec(status=422, code="scoring_failed", title="The customers cannot be scored"),
}
