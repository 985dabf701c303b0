"""/healthz, /readyz and /metrics."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from shared.http.problems import PROBLEM_RESPONSES, Problem
from shared.sql.database import Database

router = APIRouter(tags=["Operations"])
_TEXT = {"text/plain": {"schema": {"type": "string"}}}


class Health(BaseModel):
    """`ok`; anything else is a problem."""

    status: str = "ok"


@router.get("/healthz", name="get_liveness")
def alive() -> Health:
    """Whether the process runs. Checks no dependency, so an outage restarts nothing."""
    return Health()


@router.get("/readyz", name="get_readiness", responses={503: PROBLEM_RESPONSES[503]})
def ready(request: Request) -> Health:
    """Whether requests can be served: the database answers and the process is not draining."""
    database: Database = request.app.state.database
    if request.app.state.draining:
        raise Problem(503, "draining", "this process is ending")
    try:
        database.check()
    except SQLAlchemyError as error:
        raise Problem(503, "database_unavailable", "the database does not answer") from error
    return Health()


@router.get("/metrics", name="get_metrics", response_class=Response, responses={200: {"content": _TEXT}})
def metrics() -> Response:
    """Prometheus metrics of this process."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
