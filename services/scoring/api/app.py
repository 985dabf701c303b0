"""The FastAPI application of scoring."""

from __future__ import annotations

from fastapi import FastAPI

from services.scoring.api.problems import PROBLEMS
from services.scoring.api.routes import models, runs, scores, summary
from services.scoring.bootstrap import Wiring
from services.scoring.settings import ScoringSettings
from shared.http.app import build_app

_DESCRIPTION = "Says what customers are worth and what they will do next, with reasons and with how sure it is."


def create_app(settings: ScoringSettings) -> FastAPI:
    """The application; it reads and queues, the worker computes."""
    return build_app(
        Wiring(settings),
        name="scoring",
        description=_DESCRIPTION,
        routers=(runs.router, scores.router, summary.router, models.router),
        problems=PROBLEMS,
    )
