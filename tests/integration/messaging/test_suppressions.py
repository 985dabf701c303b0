"""Refusals that are brought from elsewhere, looked up, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from services.messaging.api.app import create_app
from services.messaging.settings import MessagingSettings
from tests.integration.messaging.conftest import KEY
from tests.integration.messaging.mail_server import MailServer
from tests.integration.messaging.scenes import Shop, changed, entered
from tests.integration.messaging.test_api import planned, way_out

PATH = "/v1/suppressions"


@pytest.fixture
def http(shop: Shop, settings: MessagingSettings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {KEY}"}) as client:
        yield client


def refuse(http: TestClient, *addresses: str) -> dict[str, int]:
    answer = http.post(PATH, json={"addresses": addresses})
    assert answer.status_code == 200, answer.text
    counts: dict[str, int] = answer.json()
    return counts


def look_up(http: TestClient, address: str) -> Any:
    return http.get(f"{PATH}/lookup", params={"address": address})


def sent_to(http: TestClient, shop: Shop) -> dict[str, int]:
    campaign = planned(http)["id"]
    http.post(f"/v1/campaigns/{campaign}/launch").raise_for_status()
    shop.send_all()
    return dict(shop.counts(campaign))


def test_a_list_from_elsewhere_is_refused_whatever_the_spelling(http: TestClient, shop: Shop) -> None:
    shop.tell(changed("a", "Jane@BÜCHER.example"), changed("b", "mei@example.com"), entered("a"), entered("b"))
    assert refuse(http, "jane@xn--bcher-kva.example", "old@example.com") == {"added": 2, "known": 0}
    assert refuse(http, "OLD@example.com", "new@example.com", "New@EXAMPLE.com") == {"added": 1, "known": 1}
    assert sent_to(http, shop) == {"sent": 1, "skipped": 1}
    assert http.get("/v1/summary").json()["suppressions"] == 3


def test_a_refusal_is_looked_up_and_taken_back(http: TestClient, shop: Shop) -> None:
    shop.tell(changed("a", "jane@example.com"), entered("a"))
    assert (look_up(http, "jane@example.com").status_code, refuse(http, "jane@example.com")["added"]) == (404, 1)
    shown = look_up(http, "JANE@example.com").json()
    assert (shown["by"], shown["message_id"]) == ("operator", None)
    assert sent_to(http, shop) == {"skipped": 1}
    assert http.delete(PATH, params={"address": "Jane@example.com"}).status_code == 204
    again = http.delete(PATH, params={"address": "Jane@example.com"})
    assert (again.status_code, again.json()["code"]) == (404, "suppression_not_found")
    assert sent_to(http, shop) == {"sent": 1}


def test_one_click_is_told_from_an_operators_word_and_counts_again_after_it_was_taken_back(
    http: TestClient, shop: Shop, server: MailServer
) -> None:
    shop.tell(changed("a", "jane@example.com"), entered("a"))
    assert sent_to(http, shop) == {"sent": 1}
    path = way_out(server.accepted[0][1])
    http.post(path)
    shown = look_up(http, "jane@example.com").json()
    assert (shown["by"], bool(shown["message_id"])) == ("one-click", True)
    assert refuse(http, "jane@example.com") == {"added": 0, "known": 1}
    assert look_up(http, "jane@example.com").json() == shown, "who clicked is not forgotten"
    http.delete(PATH, params={"address": "jane@example.com"}).raise_for_status()
    http.post(path)
    assert look_up(http, "jane@example.com").json()["by"] == "one-click"


def test_a_list_with_what_is_no_address_changes_nothing_and_tells_each_place(http: TestClient) -> None:
    answer = http.post(PATH, json={"addresses": ["good@example.com", "jane at shop", "jane@shop", "x@example.com"]})
    assert answer.status_code == 422
    assert [flaw["where"] for flaw in answer.json()["errors"]] == ["/addresses/1", "/addresses/2"]
    assert "jane@example.com" in answer.json()["errors"][1]["detail"]
    assert look_up(http, "good@example.com").status_code == 404
    for body in ({"addresses": []}, {}, {"addresses": "a@example.com"}, {"addresses": ["a@example.com"], "why": "?"}):
        assert http.post(PATH, json=body).status_code == 422
    assert look_up(http, "nobody").status_code == 422
    assert "%2B" in http.get(f"{PATH}/lookup?address=jane+shop@example.com").json()["detail"]
    assert look_up(http, "jane+shop@example.com").status_code == 404
    assert http.delete(PATH).status_code == 422


def test_the_largest_list_is_taken_and_a_larger_one_refused(http: TestClient) -> None:
    addresses = [f"customer{number}@example.com" for number in range(10_000)]
    assert refuse(http, *addresses) == {"added": 10_000, "known": 0}
    assert refuse(http, *addresses) == {"added": 0, "known": 10_000}
    assert http.post(PATH, json={"addresses": [*addresses, "one@example.com"]}).status_code == 422


def test_reading_and_writing_take_scopes_of_their_own(http: TestClient) -> None:
    made = http.post("/v1/api-keys", json={"name": "reader", "scopes": ["suppressions:read"]}).json()["key"]
    reader = TestClient(http.app, headers={"Authorization": f"Bearer {made}"})
    assert look_up(reader, "a@example.com").status_code == 404
    assert reader.post(PATH, json={"addresses": ["a@example.com"]}).status_code == 403
    assert reader.delete(PATH, params={"address": "a@example.com"}).status_code == 403
    assert TestClient(http.app).get(f"{PATH}/lookup", params={"address": "a@example.com"}).status_code == 401
