from __future__ import annotations

import email
import re
from collections.abc import Iterator
from email import policy
from typing import Any

import pytest
from fastapi.testclient import TestClient

from services.messaging.api.app import create_app
from services.messaging.settings import MessagingSettings
from shared.contracts.messaging import UnsubscribedV1
from shared.contracts.profile import ProfileErasedV1
from shared.ids import new_id
from tests.integration.messaging.conftest import KEY
from tests.integration.messaging.mail_server import MailServer
from tests.integration.messaging.scenes import SEGMENT, WHEN, Shop, changed, entered

TEMPLATE = {
    "name": "Thanks",
    "variants": {
        "en": {"subject": "Hello {{ first_name }}", "text": "{{ salutation }}, thank you."},
        "zh-TW": {"subject": "您好", "text": "{{ salutation }},謝謝您。"},
    },
}

TEMPLATE_2 = {"subject": "Other", "text": "other"}


@pytest.fixture
def http(shop: Shop, settings: MessagingSettings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {KEY}"}) as client:
        yield client


def planned(http: TestClient, **fields: Any) -> dict[str, Any]:
    template = http.post("/v1/templates", json=TEMPLATE).json()
    draft = {
        "name": "May",
        "segment_id": SEGMENT,
        "template_id": template["id"],
        "sender": {"address": "shop@example.com", "name": "小店, Ltd."},
        **fields,
    }
    answer = http.post("/v1/campaigns", json=draft)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def way_out(content: bytes) -> str:
    found = re.search(rb"List-Unsubscribe: <http://127.0.0.1:8102(/u/[^>]+)>", content)
    assert found
    return found[1].decode()


def test_a_campaign_from_plan_to_its_messages(http: TestClient, shop: Shop, server: MailServer) -> None:
    ids = shop.customers(3)
    campaign = planned(http)
    assert campaign["status"] == "draft"
    key = {"Idempotency-Key": "launch-1"}
    first = http.post(f"/v1/campaigns/{campaign['id']}/launch", headers=key)
    assert first.json() == http.post(f"/v1/campaigns/{campaign['id']}/launch", headers=key).json()
    shop.send_all()
    shown = http.get(f"/v1/campaigns/{campaign['id']}").json()
    assert (shown["status"], shown["audience_size"], shown["messages"]["sent"]) == ("completed", 3, 3)
    assert shown["skipped"] == {}
    page = http.get(f"/v1/campaigns/{campaign['id']}/messages", params={"limit": 2}).json()
    rest = http.get(f"/v1/campaigns/{campaign['id']}/messages", params={"cursor": page["next_cursor"]}).json()
    assert [each["profile_id"] for each in (*page["data"], *rest["data"])] == ids
    detail = http.get(f"/v1/messages/{page['data'][0]['id']}").json()
    assert detail["rendered"]["text"].startswith("Dear Name0, thank you.")
    assert "/u/preview" in detail["rendered"]["text"]
    summary = http.get("/v1/summary").json()
    assert summary["segments"] == {SEGMENT: 3}
    assert (summary["contacts"], summary["messages"]["sent"], summary["campaigns"]) == (3, 3, {"completed": 1})
    sender = email.message_from_bytes(server.accepted[0][1], policy=policy.default)["From"]
    assert (sender.addresses[0].display_name, sender.addresses[0].addr_spec) == ("小店, Ltd.", "shop@example.com")


def test_a_campaign_tells_why_messages_were_skipped(http: TestClient, shop: Shop) -> None:
    shop.customers(2)
    gone = new_id()
    shop.tell(changed("x1", "c0@example.com"), changed("x2", "me@shop"), changed("x3", "you@shop"))
    shop.tell(*map(entered, (gone, "x1", "x2", "x3", "x4")))
    path = f"/v1/campaigns/{planned(http)['id']}"
    http.post(f"{path}/launch")
    shop.send_all()
    shop.tell(ProfileErasedV1(erasure_id=new_id(), profile_id=gone, merged_profile_ids=(), erased_at=WHEN))
    shown = http.get(path).json()
    assert (shown["messages"]["sent"], shown["messages"]["skipped"]) == (2, 5)
    assert shown["skipped"] == {"erased": 1, "malformed-address": 2, "no-address": 1, "same-address": 1}


@pytest.mark.parametrize(
    "body",
    [{"data": {"List-Unsubscribe": "One-Click"}}, {"files": {"List-Unsubscribe": (None, "One-Click")}}, {}],
    ids=["urlencoded", "multipart", "empty"],
)
def test_one_click_out_needs_no_log_in_and_is_told_once(
    http: TestClient, shop: Shop, server: MailServer, body: dict[str, Any]
) -> None:
    (profile_id,) = shop.customers(1)
    http.post(f"/v1/campaigns/{planned(http)['id']}/launch")
    shop.send_all()
    path = way_out(server.accepted[0][1])
    anyone = TestClient(http.app)
    page = anyone.get(path)
    assert (page.status_code, "取消訂閱" in page.text) == (200, True)
    assert shop.facts()[-1].event_type.endswith("dispatched.v1"), "looking changes nothing"
    for _ in range(2):
        answer = anyone.post(path, **body)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    told = [fact for fact in shop.facts() if isinstance(fact, UnsubscribedV1)]
    assert [(fact.profile_id, fact.channel) for fact in told] == [(profile_id, "email")]
    second = planned(http)
    http.post(f"/v1/campaigns/{second['id']}/launch")
    shop.send_all()
    assert shop.counts(second["id"]) == {"skipped": 1}
    assert len(server.accepted) == 1


def test_a_refusal_between_queue_and_sending_counts(http: TestClient, shop: Shop, server: MailServer) -> None:
    shop.customers(2)
    http.post(f"/v1/campaigns/{planned(http)['id']}/launch")
    shop.send_all()
    campaign = planned(http)
    http.post(f"/v1/campaigns/{campaign['id']}/launch")
    shop.move_campaigns()
    TestClient(http.app).post(way_out(server.to("c1@example.com")[0]))
    shop.send_all()
    assert shop.counts(campaign["id"]) == {"sent": 1, "skipped": 1}
    urgent = planned(http, kind="transactional")
    http.post(f"/v1/campaigns/{urgent['id']}/launch")
    shop.send_all()
    assert shop.counts(urgent["id"]) == {"sent": 2}, "what a customer asked for still reaches them"


@pytest.mark.parametrize("token", ["previews", "A" * 64, "a-b_c", "A" * 63 + "B"])
def test_a_link_that_was_never_signed_does_nothing(http: TestClient, token: str) -> None:
    assert http.get(f"/u/{token}").status_code == 404
    answer = http.post(f"/u/{token}")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_link")


@pytest.mark.parametrize("token", ["previews", "cut-o", "%E4%BD%A0", "A" * 3_000])
def test_a_person_with_a_broken_link_is_told_so_on_a_page(http: TestClient, token: str) -> None:
    for method in ("GET", "POST"):
        answer = http.request(method, f"/u/{token}", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "This link is not complete" in answer.text
        assert "no-store" in answer.headers["cache-control"]


def test_the_link_of_a_test_shows_what_customers_see_and_does_nothing(http: TestClient, shop: Shop) -> None:
    for method, shown in (("GET", '<button type="submit">Unsubscribe'), ("POST", "You are unsubscribed.")):
        answer = http.request(method, "/u/preview")
        assert (answer.status_code, "no-store" in answer.headers["cache-control"]) == (200, True)
        assert shown in answer.text
        assert "nobody is unsubscribed here" in answer.text
    assert [fact for fact in shop.facts() if isinstance(fact, UnsubscribedV1)] == []


def test_a_template_is_versioned_and_campaigns_pin_theirs(http: TestClient, shop: Shop, server: MailServer) -> None:
    shop.customers(1)
    campaign = planned(http)
    path = f"/v1/templates/{campaign['template_id']}"
    etag = http.get(path).headers["ETag"]
    other = {**TEMPLATE, "variants": {"en": {"subject": "Other", "text": "other"}}}
    assert http.put(path, json=other, headers={"If-Match": etag}).json()["version"] == 2
    assert http.put(path, json=other, headers={"If-Match": etag}).status_code == 412
    assert http.get(f"{path}/versions/1").json()["variants"].keys() == {"en", "zh-TW"}
    http.post(f"/v1/campaigns/{campaign['id']}/launch")
    shop.send_all()
    assert email.message_from_bytes(server.accepted[0][1])["Subject"] == "Hello Name0"


def test_a_preview_is_written_for_a_sample_or_a_customer(http: TestClient, shop: Shop) -> None:
    (profile_id,) = shop.customers(1)
    path = f"/v1/templates/{http.post('/v1/templates', json=TEMPLATE).json()['id']}/preview"
    sample = {"language": "zh-Hant", "traits": {"name": "王小明", "gender": "male"}}
    assert http.post(path, json=sample).json()["text"] == "王小明先生,謝謝您。"
    assert http.post(path, json={"profile_id": profile_id}).json()["text"] == "Dear Name0, thank you."
    assert http.post(path, json={}).json()["text"] == "Dear customer, thank you."
    assert http.post(path, json={"profile_id": profile_id[::-1]}).status_code in (409, 422)


def test_a_campaign_is_looked_at_and_tried_out_before_it_goes(http: TestClient, shop: Shop, server: MailServer) -> None:
    (profile_id,) = shop.customers(1)
    campaign = planned(http)
    path = f"/v1/campaigns/{campaign['id']}"
    http.put(f"/v1/templates/{campaign['template_id']}", json={**TEMPLATE, "variants": {"en": TEMPLATE_2}})
    shown = http.post(f"{path}/preview", json={"profile_id": profile_id}).json()
    assert (shown["subject"], shown["text"][:23]) == ("Hello Name0", "Dear Name0, thank you.\n")
    assert "/u/preview" in shown["text"]
    sample = {"language": "zh-TW", "traits": {"name": "歐陽娜娜", "gender": "female"}}
    answer = http.post(f"{path}/test-sends", json={"to": "me@shop.example", **sample})
    assert answer.json() | {"message_id": ""} == {"message_id": "", "outcome": "accepted", "reply": "250 kept"}
    (content,) = server.to("me@shop.example")
    message = email.message_from_bytes(content, policy=policy.default)
    assert (message["Subject"], message["Message-ID"]) == (
        "[Test] 您好", f"<{answer.json()['message_id']}@example.com>",
    )  # fmt: skip
    assert message["List-Unsubscribe"].endswith("/u/preview>")
    assert http.post(f"{path}/test-sends", json={"to": "王@例え.jp"}).json()["outcome"] == "accepted"
    assert server.to("王@xn--r8jz45g.jp")
    assert http.get(path).json()["messages"]["sent"] == 0
    assert not shop.facts()


def test_a_test_that_fails_says_why(http: TestClient, shop: Shop, server: MailServer) -> None:
    path = f"/v1/campaigns/{planned(http)['id']}/test-sends"
    server.answer("me@shop.example", ["RCPT 550 no such user"])
    refused = http.post(path, json={"to": "me@shop.example"}).json()
    assert (refused["outcome"], refused["reply"]) == ("refused", "550 no such user")
    server.stop()
    away = http.post(path, json={"to": "me@shop.example"}).json()
    assert away["outcome"] == "unreached"
    assert away["reply"]
    assert http.post(path, json={"to": "no address"}).status_code == 422
    assert http.post(path, json={"to": "me@shop.example", "profile_id": SEGMENT}).json()["code"] == "contact_unknown"
    assert http.post(path.replace("0", "f"), json={"to": "me@shop.example"}).status_code == 404


def test_a_template_with_flaws_is_refused_at_each_place(http: TestClient) -> None:
    draft = {"name": "x", "variants": {"en": {"subject": "{{ nope }}", "html": "<p>\n{{ ''.__class__ }}</p>"}}}
    answer = http.post("/v1/templates", json=draft)
    assert answer.status_code == 422
    assert {flaw["where"] for flaw in answer.json()["errors"]} == {"/variants/en/subject", "/variants/en/html"}
    assert any(flaw["detail"].startswith("line 2:") for flaw in answer.json()["errors"])


@pytest.mark.parametrize(
    "sender",
    [
        {"address": "a@b@c.example"},
        {"address": "shop@localhost"},
        {"address": "shop@example.com\r\nBcc: x@example.com"},
        {"address": "shop@example.com", "name": "Shop\r\nBcc: x@example.com"},
        {"address": "shop@example.com", "nam": "Shop"},
    ],
)
def test_a_sender_that_mail_cannot_carry_is_refused(http: TestClient, sender: dict[str, str]) -> None:
    template = http.post("/v1/templates", json=TEMPLATE).json()
    draft = {"name": "May", "segment_id": SEGMENT, "template_id": template["id"], "sender": sender}
    assert http.post("/v1/campaigns", json=draft).status_code == 422


def test_a_time_that_no_database_holds_is_refused(http: TestClient) -> None:
    template = http.post("/v1/templates", json=TEMPLATE).json()
    draft = {"name": "May", "segment_id": SEGMENT, "template_id": template["id"], "sender": {"address": "a@b.example"}}
    answer = http.post("/v1/campaigns", json={**draft, "send_at": "9999-12-31T23:59:59-12:00"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "/send_at"
    assert http.post("/v1/campaigns", json={**draft, "send_at": "9999-12-31T23:59:59Z"}).status_code == 201
    assert len(http.get("/v1/campaigns").json()["data"]) == 1


def test_what_a_status_does_not_allow_is_a_conflict(http: TestClient, shop: Shop) -> None:
    campaign = planned(http)["id"]
    assert http.post(f"/v1/campaigns/{campaign}/pause").status_code == 409
    assert http.post(f"/v1/campaigns/{campaign}/cancel").json()["status"] == "cancelled"
    assert http.post(f"/v1/campaigns/{campaign}/launch").status_code == 409


def test_a_draft_is_planned_anew_and_deleted(http: TestClient, shop: Shop, server: MailServer) -> None:
    shop.customers(1)
    campaign = planned(http)
    path = f"/v1/campaigns/{campaign['id']}"
    http.put(f"/v1/templates/{campaign['template_id']}", json={**TEMPLATE, "variants": {"en": TEMPLATE_2}})
    draft = {
        "name": "June",
        "segment_id": SEGMENT,
        "template_id": campaign["template_id"],
        "sender": {"address": "june@example.com"},
        "kind": "transactional",
    }
    changed = http.put(path, json=draft)
    assert changed.status_code == 200, changed.text
    kept = {name: campaign[name] for name in ("id", "created_at", "status")}
    assert {**changed.json(), "skipped": {}} == http.get(path).json()
    assert changed.json().items() >= {**kept, "name": "June", "kind": "transactional", "template_version": 2}.items()
    wrong = http.put(path, json={**draft, "template_id": SEGMENT})
    assert (wrong.status_code, wrong.json()["code"]) == (404, "template_not_found")
    assert http.get(path).json() == {**changed.json(), "skipped": {}}
    other = planned(http)
    assert http.delete(f"/v1/campaigns/{other['id']}").status_code == 204
    assert http.delete(f"/v1/campaigns/{other['id']}").status_code == 404
    http.post(f"{path}/launch")
    for answer in (http.put(path, json=draft), http.delete(path)):
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_status")
    shop.send_all()
    assert [email.message_from_bytes(content)["Subject"] for _, content in server.accepted] == ["Other"]


def test_a_plan_that_changed_since_it_was_read_is_not_written_over_nor_launched(http: TestClient) -> None:
    draft = {name: planned(http)[name] for name in ("name", "segment_id", "template_id", "sender")}
    made = http.post("/v1/campaigns", json=draft)
    path, seen = made.headers["Location"], {"If-Match": made.headers["ETag"]}
    mine = http.put(path, json=draft | {"name": "mine"}, headers=seen)
    assert (mine.status_code, mine.json()["version"]) == (200, 2)
    late = [
        http.put(path, json=draft | {"name": "theirs"}, headers=seen),
        http.delete(path, headers=seen),
        http.post(f"{path}/launch", headers=seen),
        http.put(path, json=draft, headers={"If-Match": '"not ours"'}),
    ]
    assert [(each.status_code, each.json()["code"]) for each in late] == [(412, "version_conflict")] * 4
    shown = http.get(path)
    assert (shown.json()["name"], shown.json()["status"]) == ("mine", "draft")
    current = {"If-Match": shown.headers["ETag"]}
    assert http.post(f"{path}/launch", headers=current).json()["status"] == "scheduled"
    assert http.post(f"{path}/launch", headers=current).status_code == 200
    assert http.put(path, json=draft, headers=seen).status_code == 409


def test_campaigns_are_listed_by_status(http: TestClient) -> None:
    drafts = [planned(http)["id"] for _ in range(3)]
    cancelled = planned(http)["id"]
    http.post(f"/v1/campaigns/{cancelled}/cancel")
    page = http.get("/v1/campaigns", params={"status": "draft", "limit": 2}).json()
    rest = http.get("/v1/campaigns", params={"status": "draft", "cursor": page["next_cursor"]}).json()
    assert [each["id"] for each in (*page["data"], *rest["data"])] == drafts[::-1]
    assert rest["next_cursor"] is None
    assert [each["id"] for each in http.get("/v1/campaigns?status=cancelled").json()["data"]] == [cancelled]
    assert http.get("/v1/campaigns?status=failed").json()["data"] == []
    wrong = http.get("/v1/campaigns?status=done")
    assert (wrong.status_code, "draft" in wrong.text) == (422, True)
    assert http.get("/v1/campaigns", params={"cursor": page["next_cursor"]}).status_code == 400


def test_a_key_without_the_scope_and_no_key_are_refused(http: TestClient) -> None:
    made = http.post("/v1/api-keys", json={"name": "reader", "scopes": ["campaigns:read"]})
    assert made.status_code == 201, made.text
    reader = TestClient(http.app, headers={"Authorization": f"Bearer {made.json()['key']}"})
    assert reader.get("/v1/campaigns").status_code == 200
    assert reader.post("/v1/templates", json=TEMPLATE).status_code == 403
    assert TestClient(http.app).get("/v1/campaigns").status_code == 401
