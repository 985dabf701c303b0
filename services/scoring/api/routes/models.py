"""/v1/models: the models that scoring knows."""

from __future__ import annotations

from fastapi import APIRouter

from services.scoring.api.schemas.models import MODELS, ModelView
from shared.auth.access import Requires
from shared.http.pagination import Page
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

router = APIRouter(prefix="/v1/models", tags=["Facts and models"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)


@router.get("", dependencies=[Requires("scores:read")])
def list_models() -> Page[ModelView]:
    """Every model, what it answers, and the paper it comes from."""
    return Page(data=list(MODELS))
