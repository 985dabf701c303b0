"""The HTTP API on a real database."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from services.scoring.api.problems import PROBLEMS
from services.scoring.bootstrap import Wiring
from services.scoring.domain import errors
from shared.contracts.profile import ProfilesMergedV1
from tests.integration.scoring.conftest import NOW, Say
from tests.integration.scoring.test_facts import merged, profile
from tests.integration.scoring.test_runs import told

AS_OF = NOW.isoformat()


@pytest.fixture
def scored(wiring: Wiring, say: Say, http: httpx.Client) -> httpx.Client:
    facts: list[Any] = [profile(f"00{n}", f"user_id:c{n}") for n in range(6)]
    for n, (count, money) in enumerate([(6, 900), (3, 800), (1, 700), (6, 30), (3, 20), (1, 10)]):
        facts += [say(f"user_id:c{n}", f"o{n}-{visit}", money, day=20 * visit + n) for visit in range(count)]
    facts.append(say("user_id:c0", "o0-0", 300, day=100, status="refunded"))
    with wiring.database.transaction() as session:
        wiring.record(session, facts)
        wiring.follow(session, facts)
    asked = http.post("/v1/score-runs", json={"models": ["rfm", "lifetime_value"], "as_of": AS_OF})
    assert asked.status_code == 202
    assert wiring.perform_next_run()
    return http


def test_the_scores_of_a_customer_in_both_languages(scored: httpx.Client) -> None:
    english = scored.get("/v1/profiles/001/scores").json()
    assert [score["model"] for score in english["scores"]] == ["rfm", "lifetime_value"]
    assert english["scores"][0]["label"] == "B"
    assert english["scores"][0]["values"]["net_minor"] == 2400
    assert english["scores"][0]["values"]["worth_saving"] is True
    assert english["scores"][0]["reasons"][0]["text"].startswith("Block B")
    chinese = scored.get("/v1/profiles/001/scores", params={"lang": "zh-TW"}).json()
    assert chinese["scores"][0]["reasons"][0]["text"].startswith("B 區塊")


def test_a_merged_profile_answers_as_its_survivor(scored: httpx.Client, wiring: Wiring) -> None:
    with wiring.database.transaction() as session:
        wiring.follow(session, [merged("005", "001")])
    assert scored.get("/v1/profiles/005/scores").json() == scored.get("/v1/profiles/001/scores").json()


def test_an_unknown_profile_is_a_problem(scored: httpx.Client) -> None:
    answer = scored.get("/v1/profiles/abc/scores")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_profile")


def test_scores_are_listed_from_the_highest_in_pages(scored: httpx.Client) -> None:
    seen: list[dict[str, Any]] = []
    cursor = None
    while True:
        query = {"model": "lifetime_value", "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = scored.get("/v1/scores", params=query).json()
        seen += page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    values = [score["value"] for score in seen]
    assert values == sorted(values, reverse=True)
    assert len({score["profile_id"] for score in seen}) == 6


def test_scores_are_filtered(scored: httpx.Client) -> None:
    def found(**query: Any) -> list[str]:
        page = scored.get("/v1/scores", params={"model": "rfm", **query}).json()
        return sorted(score["label"] for score in page["data"])

    assert found(label="D") == ["D"]
    assert found(currency="TWD") == []
    assert found(min_value=3, max_value=15) == list("ABCDEF")
    assert found(min_value=16) == []
    best = scored.get("/v1/scores", params={"model": "rfm", "limit": 1}).json()["data"][0]
    assert best["label"] in found(min_value=best["value"], max_value=best["value"])


def test_a_range_of_scores_that_nothing_is_in_is_refused(http: httpx.Client) -> None:
    answer = http.get("/v1/scores", params={"model": "rfm", "min_value": 5, "max_value": 2})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"] == [
        {"where": "query.max_value", "detail": "must not be less than `min_value`, or there is nothing in between"}
    ]


def test_the_grid_has_every_customer(scored: httpx.Client) -> None:
    grid = scored.get("/v1/rfm/grid").json()
    assert [block["block"] for block in grid["blocks"]] == list("ABCDEF")
    assert sum(block["customers"] for block in grid["blocks"]) == 6
    assert sum(block["net_minor"] for block in grid["blocks"]) == 6 * 900 + 3 * 800 + 700 + 180 + 60 + 10 - 300


def test_a_run_tells_how_its_models_fared(scored: httpx.Client) -> None:
    (listed,) = scored.get("/v1/score-runs").json()["data"]
    run = scored.get(f"/v1/score-runs/{listed['id']}").json()
    assert (run["state"], run["scores_published"]) == ("succeeded", 12)
    fit = run["fits"]["GBP"]
    assert fit["purchase_model"] == "empirical"
    assert "customers came back" in fit["attempts"][0]["refusal"]
    assert fit["spending"]["fallback"]
    assert fit["tracking"]


def test_the_same_idempotency_key_queues_one_run(http: httpx.Client) -> None:
    body = {"models": ["rfm"]}
    first, second = (http.post("/v1/score-runs", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json() == second.json()
    assert len(http.get("/v1/score-runs").json()["data"]) == 1
    other = http.post("/v1/score-runs", json={"models": ["lifetime_value"]}, headers={"Idempotency-Key": "k"})
    assert other.status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"models": []},
        {"models": ["horoscope"]},
        {"models": ["rfm"], "surprise": 1},
        {"models": ["rfm"], "as_of": "2020-01-01T00:00:00"},
        {"models": ["rfm"], "as_of": "1970-01-01T23:59:59Z"},
        {"models": ["rfm"], "holdout_days": 0},
    ],
)
def test_a_bad_request_for_a_run_is_refused(http: httpx.Client, body: dict[str, Any]) -> None:
    answer = http.post("/v1/score-runs", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_run_as_of_tomorrow_is_refused(http: httpx.Client) -> None:
    answer = http.post("/v1/score-runs", json={"models": ["rfm"], "as_of": "2999-01-01T00:00:00Z"})
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_run")


@pytest.mark.parametrize("days", ["90", True, 90.5])
def test_types_are_not_guessed(http: httpx.Client, days: object) -> None:
    assert http.post("/v1/score-runs", json={"models": ["rfm"], "holdout_days": days}).status_code == 422


def test_counts_keep_anonymous_customers_apart(wiring: Wiring, say: Say, http: httpx.Client) -> None:
    with wiring.database.transaction() as session:
        wiring.record(
            session,
            [
                say("user_id:ann", "o1", 900),
                say("anonymous_id:kiosk", "o2", 50),
                say("user_id:ann", "unknown", 100, status="refunded"),
            ],
        )
    summary = http.get("/v1/summary").json()
    assert summary["identified"] == {
        "customers": 1,
        "orders": 1,
        "lines": 1,
        "refunds": 1,
        "gross_minor": {"GBP": 900},
        "net_minor": {"GBP": 800},
    }
    assert summary["anonymous"]["customers"] == 1
    assert summary["without_profile"] == 2


def test_the_models_are_described(http: httpx.Client) -> None:
    models = http.get("/v1/models").json()["data"]
    assert [model["name"] for model in models] == ["rfm", "lifetime_value"]
    assert models[0]["names"]["zh-TW"]


def test_without_a_run_there_is_no_grid_and_no_score(http: httpx.Client) -> None:
    assert http.get("/v1/rfm/grid").status_code == 404
    assert http.get("/v1/scores", params={"model": "rfm"}).json() == {"data": [], "next_cursor": None}


def test_every_domain_error_has_its_problem() -> None:
    tree = {error for error in vars(errors).values() if isinstance(error, type) and issubclass(error, Exception)}
    assert tree == set(PROBLEMS)


def test_merges_arrive_before_profiles(wiring: Wiring, http: httpx.Client) -> None:
    with wiring.database.transaction() as session:
        wiring.follow(session, [ProfilesMergedV1(profile_id="aa", merged_profile_id="bb", merged_at=NOW)])
    assert http.get("/v1/profiles/bb/scores").json() == {"profile_id": "aa", "scores": []}


def test_scores_carry_on_the_trace_of_the_request(wiring: Wiring, say: Say, http: httpx.Client) -> None:
    with wiring.database.transaction() as session:
        wiring.record(session, [say("user_id:ann", "o1", 900)])
        wiring.follow(session, [profile("001", "user_id:ann")])
    trace = "0af7651916cd43dd8448eb211c80319c"
    http.post("/v1/score-runs", json={"models": ["rfm"]}, headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert wiring.perform_next_run()
    assert [fact.traceparent[3:35] for fact in told(wiring) if fact.traceparent] == [trace]
