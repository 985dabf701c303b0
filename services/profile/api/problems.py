"""How the errors of profile are told over HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from services.profile.domain.errors import (
    ErasureNotFound,
    InvalidCondition,
    ProfileNotFound,
    SegmentNotFound,
)
from shared.http.problems import Flaw, ProblemSpec

PROBLEMS: Mapping[type[Exception], ProblemSpec] = {
    ProfileNotFound: ProblemSpec(status=404, code="profile_not_found", title="There is no such profile"),
    SegmentNotFound: ProblemSpec(status=404, code="segment_not_found", title="There is no such segment"),
    ErasureNotFound: ProblemSpec(status=404, code="erasure_not_found", title="There is no such erasure"),
    InvalidCondition: ProblemSpec(
        status=422,
        code="invalid_definition",
        title="The definition cannot be used",
        flaws=lambda error: [Flaw(error.path, error.reason)],
    ),
}
