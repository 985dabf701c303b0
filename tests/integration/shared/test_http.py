"""What the four APIs have in common, seen from a client."""

from collections.abc import Iterator
from itertools import repeat
from types import SimpleNamespace
from typing import Annotated, Any, Literal

import httpx
import pytest
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from fastapi.testclient import TestClient
from pydantic import Field

from shared.auth.access import require
from shared.auth.keys import Caller, sha256_of
from shared.http.app import build_app
from shared.http.etags import SeenVersion, etag
from shared.http.idempotency import IdempotencyKey, once
from shared.http.problems import ProblemSpec
from shared.http.schemas import Schema
from shared.http.strict_json import StrictRoute
from shared.settings import ServiceSettings
from shared.sql.database import Database

ADMIN = "rk_an_administrators_key"
JSON = {"Content-Type": "application/json"}


class ToyError(Exception):
    """The toy's domain error."""


class Thing(Schema):
    name: str = Field(max_length=20)


class Circle(Schema):
    kind: Literal["circle"]
    radius: float


class Square(Schema):
    kind: Literal["square"]
    side: float


class Drawing(Schema):
    shapes: list[Annotated[Circle | Square, Field(discriminator="kind")]]
    titles: dict[str, Thing] = {}


class Made(Schema):
    number: int


def toy_router() -> APIRouter:
    router = APIRouter(route_class=StrictRoute)
    made: list[str] = []

    @router.post("/v1/things", status_code=201)
    def make(
        body: Thing,
        request: Request,
        caller: Annotated[Caller, Depends(require("things:write"))],
        key: IdempotencyKey = None,
    ) -> Made:
        def act() -> Made:
            made.append(body.name)
            return Made(number=len(made))

        with request.app.state.database.transaction() as session:
            return once(session, caller=caller.key_id, key=key, request=body, answer=Made, act=act)

    @router.get("/v1/wanted-version")
    def wanted(seen: SeenVersion) -> int | None:
        return seen

    @router.get("/v1/versioned")
    def versioned(request: Request, response: Response) -> int:
        response.headers["ETag"] = etag(3)
        return len(made)

    @router.get("/v1/file")
    def file() -> FileResponse:
        return FileResponse(__file__)

    @router.get("/v1/endless")
    def endless() -> StreamingResponse:
        return StreamingResponse(repeat(b"a"))

    @router.post("/v1/drawings")
    def draw(body: Drawing) -> Made:
        return Made(number=len(body.shapes))

    @router.get("/v1/broken")
    def broken() -> None:
        raise ZeroDivisionError("secret detail")

    @router.get("/v1/refused")
    def refused() -> None:
        raise ToyError("the toy is shut")

    return router


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    app = build_app(
        SimpleNamespace(database=database, settings=ServiceSettings(admin_key_sha256=sha256_of(ADMIN))),
        name="toy",
        description="A toy.",
        routers=[toy_router()],
        problems={ToyError: ProblemSpec(status=409, code="toy_shut", title="Shut")},
    )
    with TestClient(app, raise_server_exceptions=False, headers={"Authorization": f"Bearer {ADMIN}"}) as client:
        yield client


def problem(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert len(body["trace_id"]) == 32
    return response.status_code, body["code"]


def test_a_domain_error_is_told_by_the_table(client: TestClient) -> None:
    assert problem(client.get("/v1/refused")) == (409, "toy_shut")


def test_an_unforeseen_error_tells_nothing_of_itself(client: TestClient) -> None:
    answer = client.get("/v1/broken")
    assert problem(answer) == (500, "internal_error")
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        (JSON, b'{"name":"x","colour":"red"}', (422, "invalid_request")),
        (JSON, b'{"name":7}', (422, "invalid_request")),
        (JSON, b'{"name":"\\u0000"}', (400, "invalid_json")),
        (JSON, b"{", (400, "invalid_json")),
        (JSON, b" " * 1_100_000, (413, "too_large")),
        ({"Content-Type": "text/plain"}, b'{"name":"x"}', (415, "unsupported_media_type")),
        (JSON | {"Idempotency-Key": "x" * 256}, b'{"name":"x"}', (422, "invalid_request")),
    ],
)
def test_bad_bodies_are_refused(
    client: TestClient, headers: dict[str, str], body: bytes, expected: tuple[int, str]
) -> None:
    assert problem(client.post("/v1/things", headers=headers, content=body)) == expected


def test_a_body_that_never_says_its_size_is_cut_off_at_the_limit(client: TestClient) -> None:
    endless = (b"[" * 100_000 for _ in range(30))
    assert problem(client.post("/v1/things", headers=JSON, content=endless)) == (413, "too_large")


@pytest.mark.parametrize("address", ["/v1/thin%00gs", "/v1/dead-letters?cursor=%00"])
def test_nul_in_the_address_is_refused(client: TestClient, address: str) -> None:
    assert problem(client.get(address)) == (400, "invalid_address")


@pytest.mark.parametrize(
    "authorization", ["", "Bearer ", "Bearer nobody", "Bearer clé", "Basic !!", "Basic bm9ib2R5Og==", "Digest x"]
)
def test_without_a_live_key_there_is_no_entry(client: TestClient, authorization: str) -> None:
    answer = client.get("/v1/api-keys", headers={"Authorization": authorization.encode()})
    assert problem(answer) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_key_may_do_what_it_was_made_for_until_it_is_revoked(client: TestClient) -> None:
    made = client.post("/v1/api-keys", json={"name": "shop", "scopes": ["things:write"]}).json()
    as_shop = {"Authorization": f"Bearer {made['key']}"}
    assert client.post("/v1/things", headers=as_shop, json={"name": "a"}).status_code == 201
    assert problem(client.get("/v1/api-keys", headers=as_shop)) == (403, "forbidden")
    listed = client.get("/v1/api-keys").json()["data"]
    assert [(key["name"], key["hint"]) for key in listed] == [("shop", made["key"][:8])]
    assert made["key"] not in str(listed)
    assert client.delete(f"/v1/api-keys/{made['id']}").status_code == 204
    assert client.get("/v1/api-keys").json()["data"][0]["revoked_at"]
    assert problem(client.delete("/v1/api-keys/0")) == (404, "not_found")


def test_a_key_cannot_grant_more_than_it_has(client: TestClient) -> None:
    made = client.post("/v1/api-keys", json={"name": "clerk", "scopes": ["api-keys:write"]}).json()
    as_clerk = {"Authorization": f"Bearer {made['key']}"}
    more = {"name": "more", "scopes": ["*"]}
    assert problem(client.post("/v1/api-keys", headers=as_clerk, json=more)) == (403, "forbidden")


def test_the_same_idempotency_key_has_one_effect(client: TestClient) -> None:
    first = client.post("/v1/things", json={"name": "a"}, headers={"Idempotency-Key": "k-1"})
    again = client.post("/v1/things", json={"name": "a"}, headers={"Idempotency-Key": "k-1"})
    other = client.post("/v1/things", json={"name": "a"}, headers={"Idempotency-Key": "k-2"})
    assert first.json() == again.json() == {"number": 1}
    assert other.json() == {"number": 2}
    reused = client.post("/v1/things", json={"name": "b"}, headers={"Idempotency-Key": "k-1"})
    assert problem(reused) == (422, "idempotency_key_reused")


def test_health_and_readiness_differ(client: TestClient, database: Database) -> None:
    assert client.get("/readyz").json() == client.get("/healthz").json() == {"status": "ok"}
    client.app.state.draining = True  # type: ignore[attr-defined]
    assert client.get("/healthz").status_code == 200
    assert problem(client.get("/readyz")) == (503, "draining")
    assert [client.head(path).status_code for path in ("/healthz", "/readyz")] == [200, 503]


def test_a_wrong_method_is_told_every_right_one(client: TestClient) -> None:
    answer = client.put("/v1/api-keys")
    assert problem(answer) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, POST"
    assert answer.json()["detail"] == "PUT cannot be done at this address; there are GET, HEAD, POST"
    assert client.head("/v1/drawings").headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/v1/versioned", "/v1/file", "/v1/api-keys", "/v1/refused", "/docs", "/v1/nowhere"])
def test_head_is_answered_as_get_is_without_the_body(client: TestClient, path: str) -> None:
    told, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (told.status_code, b"")
    assert head.headers == told.headers


def test_head_ends_what_would_never_end(client: TestClient) -> None:
    assert client.head("/v1/endless").content == b""


def test_what_a_reader_has_already_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/v1/versioned")
    tag = first.headers["etag"]
    assert client.get("/v1/wanted-version", headers={"If-Match": tag}).json() == 3
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        for method in ("GET", "HEAD"):
            again = client.request(method, "/v1/versioned", headers={"If-None-Match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
            assert "content-type" not in again.headers
    for other in ('"3"', tag.strip('"'), "", '"other"'):
        assert client.get("/v1/versioned", headers={"If-None-Match": other}).json() == first.json()
    assert client.get("/v1/api-keys", headers={"If-None-Match": "*"}).status_code == 200
    assert client.get("/v1/refused", headers={"If-None-Match": "*"}).status_code == 409


def test_what_changed_without_a_new_version_is_sent(client: TestClient) -> None:
    tag = client.get("/v1/versioned").headers["etag"]
    client.post("/v1/things", json={"name": "a"})
    again = client.get("/v1/versioned", headers={"If-None-Match": tag})
    assert (again.status_code, again.json()) == (200, 1)
    assert again.headers["etag"] != tag


def test_a_file_that_a_reader_has_already_is_not_sent_again(client: TestClient) -> None:
    tag = client.get("/v1/file").headers["etag"]
    again = client.get("/v1/file", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_what_reads_is_measured_as_what_it_is(client: TestClient) -> None:
    client.head("/v1/refused")
    assert 'method="HEAD",route="/v1/refused",status="409"' in client.get("/metrics").text


def test_metrics_name_routes_not_addresses(client: TestClient) -> None:
    client.get("/v1/api-keys?limit=twelve")
    shown = client.get("/metrics").text
    assert 'route="/v1/api-keys"' in shown
    assert "twelve" not in shown


@pytest.mark.parametrize(
    ("method", "address", "unknown", "known"),
    [
        ("GET", "/v1/dead-letters?stat=dead&limit=1&curser", ["query.stat", "query.curser"], "state, limit, cursor"),
        ("GET", "/v1/refused?x=1", ["query.x"], "takes none"),
        ("POST", "/v1/things?dry_run=true", ["query.dry_run"], "takes none"),
        ("DELETE", "/v1/api-keys/0?Force=1", ["query.Force"], "takes none"),
    ],
)
def test_unknown_query_parameters_are_named_with_those_there_are(
    client: TestClient, method: str, address: str, unknown: list[str], known: str
) -> None:
    answer = client.request(method, address)
    assert problem(answer) == (422, "invalid_request")
    assert [flaw["where"] for flaw in answer.json()["errors"]] == unknown
    assert unknown[0] in answer.json()["detail"]
    assert all(known in flaw["detail"] for flaw in answer.json()["errors"])


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("/v1/dead-letters?state=dead&state=replayed", ["query.state"]),
        ("/v1/dead-letters?limit=1&limit=1&cursor=a&cursor=b", ["query.limit", "query.cursor"]),
        ("/v1/dead-letters?stat=1&stat=2", ["query.stat"]),
    ],
)
def test_a_query_parameter_is_given_once(client: TestClient, address: str, where: list[str]) -> None:
    answer = client.get(address)
    assert problem(answer) == (422, "invalid_request")
    assert [flaw["where"] for flaw in answer.json()["errors"]] == where


def test_probes_and_metrics_take_what_they_are_sent(client: TestClient) -> None:
    assert [client.get(f"/{name}?x=1").status_code for name in ("healthz", "readyz", "metrics")] == [200, 200, 200]


def test_a_cursor_belongs_to_one_list_with_its_filters(client: TestClient) -> None:
    for name in "abc":
        client.post("/v1/api-keys", json={"name": name, "scopes": ["things:write"]})
    first = client.get("/v1/api-keys?limit=2").json()
    cursor = first["next_cursor"]
    rest = client.get(f"/v1/api-keys?limit=200&cursor={cursor}").json()
    assert [key["name"] for key in first["data"] + rest["data"]] == ["c", "b", "a"]
    assert rest["next_cursor"] is None
    for elsewhere in (f"/v1/dead-letters?cursor={cursor}", f"/v1/dead-letters?state=dead&cursor={cursor}"):
        assert problem(client.get(elsewhere)) == (400, "invalid_cursor")


def test_openapi_knows_one_form_of_error(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert "ProblemBody" in document["components"]["schemas"]
    assert "HTTPValidationError" not in str(document)


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({"shapes": [{"kind": "circle", "radius": 1}, {"kind": "square"}]}, ["/shapes/1/side"]),
        ({"shapes": [{"kind": "circle", "radius": 1, "side": 2}]}, ["/shapes/0/side"]),
        ({"shapes": [{"kind": "cube"}]}, ["/shapes/0"]),
        ({"shapes": [], "titles": {"a/b~c": {"name": 1}}}, ["/titles/a~1b~0c/name"]),
        ({}, ["/shapes"]),
        ([], ["/"]),
    ],
)
def test_a_flaw_is_where_its_pointer_says(client: TestClient, body: Any, places: list[str]) -> None:
    answer = client.post("/v1/drawings", json=body)
    assert answer.status_code == 422
    assert [flaw["where"] for flaw in answer.json()["errors"]] == places


def test_who_comes_to_a_wrong_address_is_led_to_the_docs(client: TestClient) -> None:
    assert client.get("/").url.path == "/docs"
    nowhere = client.get("/v1/nowhere")
    assert problem(nowhere) == (404, "not_found")
    assert "/docs" in nowhere.json()["detail"]


def test_the_docs_ask_nothing_of_the_internet(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "connect-src 'self'" in page.headers["content-security-policy"]
    assert "openapi.json" in page.text
    assert "://" not in page.text


@pytest.mark.parametrize(
    ("if_match", "version"),
    [
        (etag(3), 3),
        ('W/"3"', 3),
        ("*", None),
        ("3", -1),
        ('"abc"', -1),
        ('"1", "3"', -1),
        ('"99999999999999999999"', -1),
    ],
)
def test_a_change_names_the_version_it_is_based_on(client: TestClient, if_match: str, version: int | None) -> None:
    assert client.get("/v1/wanted-version", headers={"If-Match": if_match}).json() == version
    assert client.get("/v1/wanted-version").json() is None
