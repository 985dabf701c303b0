"""What is told of a score run on the bus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from services.scoring.domain.reasons import DEFAULT_LANGUAGE, sentence
from services.scoring.domain.scores import VERSIONS, Score
from services.scoring.use_cases.ports import ScoreRun
from shared.contracts.scoring import Reason, ScoreComputedV1, ScoreWithdrawnV1


def computed(run: ScoreRun, scores: Iterable[Score], *, at: datetime) -> Iterator[ScoreComputedV1]:
    """One fact for each score of a run."""
    for each in scores:
        yield ScoreComputedV1(
            traceparent=run.traceparent,
            profile_id=each.profile_id,
            model=each.model,
            model_version=VERSIONS[each.model],
            run_id=run.id,
            value=each.value,
            as_of=run.settings.as_of,
            computed_at=at,
            label=each.label,
            currency=each.currency,
            values=dict(each.values),
            reasons=tuple(
                Reason(
                    feature=driver.feature,
                    value=driver.value,
                    text=sentence(driver, currency=each.currency, language=DEFAULT_LANGUAGE),
                )
                for driver in each.drivers
            ),
        )


def withdrawn(run: ScoreRun, lost: Iterable[tuple[str, str]], *, at: datetime) -> Iterator[ScoreWithdrawnV1]:
    """One fact for each (profile id, model) that a run has no score of any more."""
    for profile_id, model in lost:
        yield ScoreWithdrawnV1(
            traceparent=run.traceparent,
            profile_id=profile_id,
            model=model,
            run_id=run.id,
            as_of=run.settings.as_of,
            withdrawn_at=at,
        )
