"""Who refused: listed in pages, told on the bus, and honoured whoever gives the address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from services.messaging.adapters.sql.tables import contacts
from services.messaging.api.app import create_app
from services.messaging.settings import MessagingSettings
from shared.contracts.messaging import ResubscribedV1, UnsubscribedV1
from shared.contracts.profile import ProfileErasedV1
from tests.integration.messaging.conftest import KEY
from tests.integration.messaging.mail_server import MailServer
from tests.integration.messaging.scenes import WHEN, Shop, changed, entered, merged
from tests.integration.messaging.test_api import planned, way_out
from tests.integration.messaging.test_suppressions import PATH, refuse, sent_to


@pytest.fixture
def http(shop: Shop, settings: MessagingSettings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {KEY}"}) as client:
        yield client


def listed(http: TestClient, **wanted: Any) -> list[dict[str, Any]]:
    answer = http.get(PATH, params=wanted)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


def told(shop: Shop) -> list[tuple[str, str, str | None]]:
    """The refusals and withdrawals in the outbox."""
    return [
        (type(fact).__name__, fact.profile_id, getattr(fact, "message_id", None))
        for fact in shop.facts()
        if isinstance(fact, UnsubscribedV1 | ResubscribedV1)
    ]


def test_a_refusal_is_listed_with_whose_it_is_and_how_it_came(http: TestClient, shop: Shop, server: MailServer) -> None:
    shop.tell(changed("a", "Jane@BÜCHER.example"), changed("b", "mei@example.com"), entered("b"))
    refuse(http, "jane@xn--bcher-kva.example", "unknown@example.com")
    sent_to(http, shop)
    http.post(way_out(server.accepted[0][1]))
    newest, *others = listed(http)
    assert (newest["by"], newest["address"], newest["profile_ids"]) == ("one-click", "mei@example.com", ["b"])
    assert newest["message_id"]
    assert {(row["by"], row["address"], *row["profile_ids"]) for row in others} == {
        ("operator", "Jane@xn--bcher-kva.example", "a"),
        ("operator", None),
    }
    assert {row["channel"] for row in others} == {"email"}


def test_the_list_is_narrowed_and_paged(http: TestClient, shop: Shop) -> None:
    shop.tell(changed("a", "c3@example.com"), changed("dead", "c4@example.com"), merged("dead", "a"))
    refuse(http, *(f"c{number}@example.com" for number in range(7)))
    everyone = [row["id"] for row in listed(http)]
    assert len(set(everyone)) == 7
    seen, cursor = [], None
    while cursor is not None or not seen:
        page = http.get(PATH, params={"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        seen += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]
    assert seen == everyone
    assert [row["address"] for row in listed(http, profile_id="a")] == ["c3@example.com"]
    assert [row["address"] for row in listed(http, profile_id="dead")] == ["c3@example.com"]
    assert listed(http, profile_id="beef") == listed(http, by="one-click") == listed(http, to="2020-01-01") == []
    assert len(listed(http, by="operator", **{"from": "2020-01-01"})) == 7
    cursor = http.get(PATH, params={"limit": 3}).json()["next_cursor"]
    assert http.get(PATH, params={"limit": 3, "cursor": cursor, "by": "operator"}).status_code == 400
    for wrong in ({"by": "bounce"}, {"why": "x"}, {"from": "2026-02-01", "to": "2026-01-01"}):
        assert http.get(PATH, params=wrong).status_code == 422


def test_the_list_takes_the_scope_of_reading(http: TestClient) -> None:
    made = http.post("/v1/api-keys", json={"name": "other", "scopes": ["messages:read"]}).json()["key"]
    assert http.get(PATH, headers={"Authorization": f"Bearer {made}"}).status_code == 403
    assert http.get(PATH, headers={"Authorization": ""}).status_code == 401


def test_an_erased_customer_is_not_named_any_more(http: TestClient, shop: Shop) -> None:
    shop.tell(changed("a", "jane@example.com"))
    refuse(http, "jane@example.com")
    shop.tell(ProfileErasedV1(erasure_id="e", profile_id="a", erased_at=WHEN))
    assert [(row["address"], row["profile_ids"]) for row in listed(http)] == [(None, [])]


def test_what_an_operator_puts_down_and_takes_back_is_told_once_of_each_customer(http: TestClient, shop: Shop) -> None:
    shop.tell(changed("a", "Jane@example.com"), changed("b", "jane@EXAMPLE.com"), changed("c", "mei@example.com"))
    for _ in range(2):
        refuse(http, "JANE@example.com", "nobody@example.com")
    assert told(shop) == [("UnsubscribedV1", "a", None), ("UnsubscribedV1", "b", None)]
    for _ in range(2):
        http.delete(PATH, params={"address": "jane@example.com"})
    assert told(shop)[2:] == [("ResubscribedV1", "a", None), ("ResubscribedV1", "b", None)]


def test_customers_that_an_older_version_kept_are_found(http: TestClient, shop: Shop) -> None:
    shop.tell(changed("a", "jane@example.com"), changed("b", None))
    with shop.wiring.database.transaction() as session:
        session.execute(update(contacts).values(address_hash=None))
    assert [shop.wiring.hash_addresses(), shop.wiring.hash_addresses()] == [1, 0]
    refuse(http, "jane@example.com")
    assert [row["profile_ids"] for row in listed(http)] == [["a"]]


def test_an_address_that_an_older_version_changed_is_not_taken_for_the_one_before(http: TestClient, shop: Shop) -> None:
    shop.tell(changed("a", "jane@example.com"))
    with shop.wiring.database.transaction() as session:
        session.execute(update(contacts).values(address="new@example.com"))
    refuse(http, "jane@example.com")
    assert [row["profile_ids"] for row in listed(http)] == [[]]
    assert told(shop) == []


def test_who_states_the_address_of_a_customer_who_refused_gets_nothing_there(
    http: TestClient, shop: Shop, server: MailServer
) -> None:
    stated = changed("b", "other@example.com", email="Jane@example.com")
    shop.tell(changed("a", "jane@example.com"), stated, entered("b"))
    refuse(http, "jane@example.com")
    assert sent_to(http, shop) == {"skipped": 1}
    assert not server.accepted


def test_a_test_of_marketing_goes_to_nobody_who_refused(http: TestClient, shop: Shop, server: MailServer) -> None:
    refuse(http, "jane@example.com")
    path = f"/v1/campaigns/{planned(http)['id']}/test-sends"
    refused = http.post(path, json={"to": "JANE@example.com"})
    assert (refused.status_code, refused.json()["code"]) == (409, "address_refused")
    assert not server.accepted
    needed = f"/v1/campaigns/{planned(http, kind='transactional')['id']}/test-sends"
    assert http.post(needed, json={"to": "jane@example.com"}).json()["outcome"] == "accepted"
    http.delete(PATH, params={"address": "jane@example.com"})
    assert http.post(path, json={"to": "jane@example.com"}).json()["outcome"] == "accepted"
