"""One score run over the played year, and what it found."""

from __future__ import annotations

from datetime import datetime

from deploy.demo.failures import DemoFailed
from deploy.demo.findings import Findings
from deploy.demo.online_retail import CURRENCY
from deploy.demo.progress import Narrator
from deploy.demo.suite_api import Json, SuiteApi
from deploy.demo.waiting import wait_until

MODELS = ("rfm", "lifetime_value")


def score_everyone(api: SuiteApi, narrator: Narrator, *, as_of: datetime, customers: int, findings: Findings) -> None:
    """Run both models as of `as_of`, wait until profile knows every score, and note what came out."""
    asked = {"models": list(MODELS), "as_of": as_of.isoformat()}
    run_id = api.post("scoring", "/v1/score-runs", asked, once="demo-scores")["id"]
    total = len(MODELS) * customers
    with narrator.stage("Scores computed and published", total) as advance:
        wait_until(lambda: _published(api, run_id), total, advance, what="scores published")
    with narrator.stage("Scores known to profile", total) as advance:
        wait_until(lambda: _known(api), total, advance, what="scores known to profile")
    run = api.get("scoring", f"/v1/score-runs/{run_id}")
    findings.fit = run["fits"][CURRENCY]
    findings.grid = api.get("scoring", "/v1/rfm/grid", run_id=run_id)["blocks"]
    values = list(api.pages("scoring", "/v1/scores", model="lifetime_value", run_id=run_id))
    findings.values_minor = [score["value"] for score in values]


def rfm_scores(api: SuiteApi) -> list[Json]:
    """The RFM score of every customer, from the latest run."""
    return list(api.pages("scoring", "/v1/scores", model="rfm"))


def _published(api: SuiteApi, run_id: str) -> int:
    run = api.get("scoring", f"/v1/score-runs/{run_id}")
    if run["state"] == "failed":
        raise DemoFailed(f"score run {run_id} failed: {run['error']}")
    return int(run["scores_published"])


def _known(api: SuiteApi) -> int:
    """Scores that profile holds, counted by asking who has one."""
    questions = [{"type": "score", "model": model, "field": "value", "operator": "exists"} for model in MODELS]
    bodies = [{"definition": question, "sample": 0} for question in questions]
    return sum(
        int(api.post("profile", "/v1/segments/preview", body, once=f"preview-{n}")["size"])
        for n, body in enumerate(bodies)
    )
