"""Scores: of one customer, by model, and the six-block grid."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.scoring.adapters.sql.score_queries import ScoreFilter, ScoreQueries
from services.scoring.api.dependencies import Lang, OfRun, Uuid, Wired
from services.scoring.api.schemas.grid import Grid
from services.scoring.api.schemas.models import ModelName
from services.scoring.api.schemas.scores import ProfileScores, ScoreView, score_view
from services.scoring.domain.errors import UnknownRun
from services.scoring.domain.reasons import DEFAULT_LANGUAGE
from services.scoring.use_cases.ports import ScoreRun
from shared.auth.access import Requires
from shared.http.pagination import Page, Paged
from shared.http.patterns import CURRENCY, worded
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.query_parameters import refused
from shared.http.strict_json import StrictRoute

router = APIRouter(prefix="/v1", tags=["Scores"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)
_Figure = Annotated[float | None, Query(allow_inf_nan=False)]


@router.get("/profiles/{profile_id}/scores", dependencies=[Requires("scores:read")])
def get_profile_scores(profile_id: Uuid, wired: Wired, lang: Lang = DEFAULT_LANGUAGE) -> ProfileScores:
    """The latest score of each model for one customer, with reasons; a merged profile answers as its survivor."""
    with wired.database.reading() as session:
        queries = ScoreQueries(session)
        survivor = queries.survivor_of(profile_id)
        found = queries.of_profile(survivor)
    return ProfileScores(profile_id=survivor, scores=[score_view(each, lang) for each in found])


@router.get("/scores", dependencies=[Requires("scores:read")])
def list_scores(
    wired: Wired,
    paging: Paged,
    model: ModelName,
    run_id: OfRun = None,
    label: Annotated[str | None, Query(max_length=40, pattern=worded(r"^\w+$", "a label such as A or high"))] = None,
    currency: Annotated[str | None, Query(pattern=CURRENCY)] = None,
    min_value: _Figure = None,
    max_value: _Figure = None,
    lang: Lang = DEFAULT_LANGUAGE,
) -> Page[ScoreView]:
    """Scores of one model, highest value first, of `run_id` or of the run that succeeded with the latest `as_of`."""
    if min_value is not None and max_value is not None and min_value > max_value:
        raise refused("max_value", "must not be less than `min_value`, or there is nothing in between")
    wanted = ScoreFilter(model, label, currency, min_value, max_value, paging.after(float, str))
    with wired.database.reading() as session:
        queries = ScoreQueries(session)
        run = _run(queries, run_id, model=model)
        found = queries.of_run(run, wanted, limit=paging.limit + 1) if run else []
    return paging.page(found, lambda each: score_view(each, lang), by=("value", "profile_id"))


@router.get("/rfm/grid", dependencies=[Requires("scores:read")])
def get_rfm_grid(wired: Wired, run_id: OfRun = None) -> Grid:
    """The six-block grid: A, B and C spend much, with many, some and few visits; D, E and F spend little."""
    with wired.database.reading() as session:
        run = _run(ScoreQueries(session), run_id, model="rfm")
    if run is None:
        raise UnknownRun("no run of rfm has succeeded yet")
    blocks = (run.report or {}).get("grid", [])
    return Grid.model_validate({"run_id": run.id, "as_of": run.settings.as_of, "blocks": blocks})


def _run(queries: ScoreQueries, run_id: str | None, *, model: str) -> ScoreRun | None:
    return queries.latest_run(model) if run_id is None else queries.run(run_id)
