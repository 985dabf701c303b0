"""Whatever arrives, the answer is a clear 4xx problem, and the service is well afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.fuzzing.hostile import (
    Body,
    Route,
    hostile_bodies,
    poisoned,
    refusal_flaw,
    routes_with_body,
    strict_addresses,
    wrong_types,
)
from tests.support.suite import WRITE_KEY, Suite


@pytest.fixture(scope="module")
def client(api: Suite) -> Iterator[httpx.Client]:
    (service,) = api.services
    with api.client(service) as client:
        yield client


@pytest.fixture(scope="module")
def routes(client: httpx.Client) -> list[Route]:
    found = list(routes_with_body(client.get("/openapi.json").json()))
    assert found, "the document declares no route with a body"
    return found


def send(client: httpx.Client, route: Route, body: Body) -> httpx.Response:
    own = {"auth": (WRITE_KEY, "")} if route.is_tracking else {}
    return client.request(route.method, route.path, content=body.content, headers=body.headers, **own)


def flaws(client: httpx.Client, attempts: Iterator[tuple[Route, Body]]) -> list[str]:
    found = []
    for route, body in attempts:
        if flaw := refusal_flaw(send(client, route, body)):
            found.append(f"{route}, {body.name}: {flaw}")
    return found


def test_hostile_bodies_are_refused_on_every_route(client: httpx.Client, routes: list[Route]) -> None:
    bodies = list(hostile_bodies())
    assert flaws(client, ((route, body) for route in routes for body in bodies)) == []
    assert client.get("/readyz").status_code == 200


def test_one_bad_value_spoils_a_good_body(client: httpx.Client, routes: list[Route]) -> None:
    assert flaws(client, ((route, body) for route in routes for body in poisoned(route))) == []


def test_what_is_not_json_is_refused(client: httpx.Client, routes: list[Route]) -> None:
    strict = [route for route in routes if not route.is_tracking]
    assert flaws(client, ((route, body) for route in strict for body in wrong_types(route.example))) == []


def test_unknown_fields_are_named(client: httpx.Client, routes: list[Route]) -> None:
    for route in routes:
        if route.is_tracking:
            continue
        answer = client.request(route.method, route.path, json={**(route.example or {}), "no_such_field": 1})
        assert answer.status_code == 422, f"{route}: {answer.status_code} {answer.text}"
        assert "no_such_field" in answer.text, f"{route}: {answer.text}"


def test_unknown_query_parameters_are_named(client: httpx.Client) -> None:
    addresses = list(strict_addresses(client.get("/openapi.json").json()))
    assert addresses
    for method, path in addresses:
        answer = client.request(method, path, params={"no_such_parameter": "1"})
        assert answer.status_code == 422, f"{method} {path}: {answer.status_code} {answer.text}"
        assert "no_such_parameter" in answer.text, f"{method} {path}: {answer.text}"
