"""Plain reads of scores and runs, for the HTTP API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from services.scoring.adapters.sql.runs import run_of, run_that_counts, score_of
from services.scoring.adapters.sql.tables import profiles, score_runs, scores
from services.scoring.domain.errors import UnknownProfile, UnknownRun
from services.scoring.domain.scores import MODELS, Score
from services.scoring.use_cases.ports import ScoreRun


@dataclass(frozen=True, slots=True)
class ScoreFilter:
    """Which scores of a run are wanted; `after` is the (value, profile id) of the last one seen."""

    model: str
    label: str | None = None
    currency: str | None = None
    min_value: float | None = None
    max_value: float | None = None
    after: tuple[float, str] | None = None


@dataclass(frozen=True, slots=True)
class DatedScore:
    """A score with the run it comes from."""

    score: Score
    run_id: str
    as_of: datetime
    computed_at: datetime


class ScoreQueries:
    """Reads in the caller's session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def run(self, run_id: str) -> ScoreRun:
        """One run. Raises UnknownRun."""
        row = self._session.execute(select(score_runs).where(score_runs.c.id == run_id)).one_or_none()
        if row is None:
            raise UnknownRun(f"no score run {run_id}")
        return run_of(row)

    def runs(self, *, limit: int, before: str | None) -> Sequence[ScoreRun]:
        """Runs, latest first, after the one with the id `before`."""
        query = select(score_runs).order_by(score_runs.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(score_runs.c.id < before)
        return [run_of(row) for row in self._session.execute(query)]

    def latest_run(self, model: str) -> ScoreRun | None:
        """The run whose scores of `model` count."""
        run_id = self._session.scalar(run_that_counts(model))
        return None if run_id is None else self.run(run_id)

    def of_run(self, run: ScoreRun, wanted: ScoreFilter, *, limit: int) -> Sequence[DatedScore]:
        """Scores of one run that fit, highest value first; none while the run is not published."""
        if run.state != "succeeded":
            return []
        columns = scores.c
        query = select(scores).where(columns.run_id == run.id, columns.model == wanted.model)
        if wanted.label is not None:
            query = query.where(columns.label == wanted.label)
        if wanted.currency is not None:
            query = query.where(columns.currency == wanted.currency)
        if wanted.min_value is not None:
            query = query.where(columns.value >= wanted.min_value)
        if wanted.max_value is not None:
            query = query.where(columns.value <= wanted.max_value)
        if wanted.after is not None:
            value, profile_id = wanted.after
            level = and_(columns.value == value, columns.profile_id < profile_id)
            query = query.where(or_(columns.value < value, level))
        query = query.order_by(columns.value.desc(), columns.profile_id.desc()).limit(limit)
        return [_dated(score_of(row), run) for row in self._session.execute(query)]

    def survivor_of(self, profile_id: str) -> str:
        """The profile itself, or whom it was merged into. Raises UnknownProfile."""
        asked = select(profiles.c.survivor_id).where(profiles.c.profile_id == profile_id)
        survivor: str | None = self._session.scalar(asked)
        if survivor is None:
            raise UnknownProfile(f"no profile {profile_id}")
        return survivor

    def of_profile(self, profile_id: str) -> Sequence[DatedScore]:
        """The latest score of each model that counts for this profile."""
        found = []
        for model in MODELS:
            run = self.latest_run(model)
            if run is None:
                continue
            mine = select(scores).where(scores.c.run_id == run.id, scores.c.profile_id == profile_id)
            found += [_dated(score_of(row), run) for row in self._session.execute(mine.where(scores.c.model == model))]
        return found


def _dated(score: Score, run: ScoreRun) -> DatedScore:
    return DatedScore(score, run.id, run.settings.as_of, run.finished_at or run.created_at)
