"""Score runs and their scores, in tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Select, delete, exists, func, insert, select, update
from sqlalchemy.orm import Session

from services.scoring.adapters.sql.tables import profiles, score_runs, scores
from services.scoring.domain.reasons import Driver
from services.scoring.domain.scores import MODELS, Score
from services.scoring.use_cases.ports import Progress, RunSettings, ScoreRun, TakenOver
from shared.contracts.about import EVER, profile_name
from shared.contracts.contract import Contract
from shared.erased_names import ErasedNames
from shared.outbox.outbox import Outbox

UNFINISHED = ("queued", "computing", "publishing")
_SUCCEEDED = score_runs.c.state == "succeeded"
_moment = func.coalesce(score_runs.c.as_of, score_runs.c.created_at)  # an older version asks for runs without one


class SqlRuns:
    """Runs in the caller's transaction."""

    def __init__(self, session: Session, names: ErasedNames, outbox: Outbox) -> None:
        self._session = session
        self._names = names
        self._outbox = outbox

    def add(self, run: ScoreRun) -> None:
        self._session.execute(insert(score_runs).values(id=run.id, **_columns(run)))

    def take_up(self, *, at: datetime) -> ScoreRun | None:
        oldest = select(score_runs).where(score_runs.c.state.in_(UNFINISHED)).order_by(score_runs.c.id).limit(1)
        row = self._session.execute(oldest.with_for_update(skip_locked=True)).one_or_none()
        if row is None:
            return None
        begun = {"attempt": row.attempt + 1, "failures": row.failures + 1, "started_at": row.started_at or at}
        run = replace(run_of(row), **begun)
        if run.state != "publishing":
            run = replace(run, state="computing", progress=Progress())
            self._session.execute(delete(scores).where(scores.c.run_id == run.id))
        self._session.execute(update(score_runs).where(score_runs.c.id == run.id).values(**_columns(run)))
        return run

    def save(self, run: ScoreRun) -> None:
        mine = (score_runs.c.id == run.id) & (score_runs.c.attempt == run.attempt)
        saved = update(score_runs).where(mine).values(**_columns(run)).returning(score_runs.c.id)
        if not self._session.execute(saved).all():
            raise TakenOver(f"run {run.id} is in a later attempt than {run.attempt}")

    def stage(self, run: ScoreRun, staged: Sequence[Score]) -> None:
        first = run.progress.staged - len(staged)
        rows = [_score_row(run.id, score, position=position) for position, score in enumerate(staged, start=first)]
        living = self._names.without(rows, names=lambda row: (profile_name(row["profile_id"]),), moment=lambda _: EVER)
        self.save(run)
        if living:
            self._session.execute(insert(scores), living)

    def to_publish(self, run: ScoreRun, limit: int) -> Sequence[Score]:
        first, position = run.progress.published, scores.c.position
        span = (scores.c.run_id == run.id) & (position >= first) & (position < first + limit)
        rows = self._session.execute(select(scores).where(span).order_by(position))
        return [score_of(row) for row in rows]

    def lost(self, run: ScoreRun) -> Sequence[tuple[str, str]]:
        if not run.progress.staged:  # then the run before goes on counting
            return []
        return [(profile_id, model) for model in run.settings.models for profile_id in self._lost(run, model)]

    def _lost(self, run: ScoreRun, model: str) -> Sequence[str]:
        counts = score_runs.c.id == run_that_counts(model).scalar_subquery()
        before = select(score_runs.c.id).where(counts, _moment < run.settings.as_of)
        living = func.coalesce(profiles.c.survivor_id, scores.c.profile_id)
        mine = scores.alias("mine").c
        still = (mine.run_id == run.id) & (mine.model == model) & (mine.profile_id == living)
        theirs = (scores.c.run_id == before.scalar_subquery()) & (scores.c.model == model)
        query = select(living).outerjoin_from(scores, profiles, profiles.c.profile_id == scores.c.profile_id)
        return self._session.scalars(query.where(theirs, ~exists().where(still)).distinct().order_by(living)).all()

    def forget_all_but(self, keep: int) -> None:
        last = (score_runs.c.finished_at.desc(), score_runs.c.id.desc())
        kept = {*self._session.scalars(select(score_runs.c.id).where(_SUCCEEDED).order_by(*last).limit(keep))}
        for model in MODELS:
            kept |= {*self._session.scalars(run_that_counts(model))}
        ended = select(score_runs.c.id).where(score_runs.c.state.in_(("succeeded", "failed")))
        self._session.execute(delete(scores).where(scores.c.run_id.in_(ended), scores.c.run_id.not_in(kept)))

    def latest_scheduled_at(self) -> datetime | None:
        scheduled = score_runs.c.trigger == "schedule"
        latest: datetime | None = self._session.scalar(select(func.max(score_runs.c.created_at)).where(scheduled))
        return latest

    def tell(self, facts: Iterable[Contract]) -> None:
        self._outbox.add(self._session, facts)


def any_unfinished(session: Session) -> bool:
    """Whether a run is not over."""
    return session.scalar(select(exists().where(score_runs.c.state.in_(UNFINISHED)))) or False


def run_that_counts(model: str) -> Select[str]:
    """Id of the run whose scores of `model` are the latest: of those that look at the latest moment, the last one."""
    told = exists().where(scores.c.run_id == score_runs.c.id, scores.c.model == model)
    latest = (_moment.desc(), score_runs.c.finished_at.desc(), score_runs.c.id.desc())
    return select(score_runs.c.id).where(_SUCCEEDED, told).order_by(*latest).limit(1)


def run_of(row: Any) -> ScoreRun:
    """The run in a row of `score_runs`."""
    return ScoreRun(
        id=row.id,
        state=row.state,
        trigger=row.trigger,
        settings=msgspec.convert(row.settings, RunSettings),
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        attempt=row.attempt,
        failures=row.failures,
        progress=Progress(row.staged, row.published),
        report=row.report,
        error=row.error,
        traceparent=row.traceparent,
    )


def score_of(row: Any) -> Score:
    """The score in a row of `scores`."""
    return Score(
        profile_id=row.profile_id,
        model=row.model,
        value=row.value,
        label=row.label,
        currency=row.currency,
        values=row.figures,
        drivers=tuple(msgspec.convert(row.drivers, list[Driver])),
    )


def _columns(run: ScoreRun) -> dict[str, Any]:
    return {
        "state": run.state,
        "trigger": run.trigger,
        "settings": msgspec.to_builtins(run.settings),
        "as_of": run.settings.as_of,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "attempt": run.attempt,
        "failures": run.failures,
        "staged": run.progress.staged,
        "published": run.progress.published,
        "report": run.report,
        "error": run.error,
        "traceparent": run.traceparent,
    }


def _score_row(run_id: str, score: Score, *, position: int) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "position": position,
        "profile_id": score.profile_id,
        "model": score.model,
        "value": score.value,
        "label": score.label,
        "currency": score.currency,
        "figures": dict(score.values),
        "drivers": msgspec.to_builtins(score.drivers),
    }
