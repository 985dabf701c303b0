"""On Kafka and PostgreSQL: each is killed under load, and while one is away the services say so and wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import httpx
import pytest

from tests.faults.account import Books, expected
from tests.faults.shop import Customer
from tests.faults.siege import SETTINGS, besiege
from tests.support.kafka import KafkaBroker
from tests.support.mail_sink import MailSink
from tests.support.postgres import PostgresServer
from tests.support.suite import SERVICES, WRITE_KEY, Suite, cluster_settings
from tests.support.tracking_client import Call, TrackingClient

pytestmark = [pytest.mark.faults, pytest.mark.services, pytest.mark.timeout(0)]
AWAY_S = 3.0
"""How long a server stays away where the services are asked meanwhile."""


@pytest.fixture(scope="module")
def sink() -> Iterator[MailSink]:
    with MailSink(pause_s=0.05) as sink:
        yield sink


@pytest.fixture(scope="module")
def suite(
    tmp_path_factory: pytest.TempPathFactory, kafka_broker: KafkaBroker, postgres_server: PostgresServer, sink: MailSink
) -> Iterator[Suite]:
    own = {"RAPPORT_SMTP_URL": f"{sink.url}?connections=2"}
    settings = cluster_settings(kafka_broker, postgres_server) | SETTINGS | own
    with Suite(tmp_path_factory.mktemp("cluster"), settings) as suite:
        yield suite


def again(server: KafkaBroker | PostgresServer) -> Callable[[], None]:
    """Kills the server and starts it again at once."""

    def strike() -> None:
        server.kill()
        server.start()

    return strike


def test_nothing_is_lost_or_doubled_when_the_servers_are_killed(
    suite: Suite, sink: MailSink, kafka_broker: KafkaBroker, postgres_server: PostgresServer
) -> None:
    workers = {name: partial(suite.restart, name) for name in ("messaging-worker", "events-worker", "profile-worker")}
    servers = {"kafka": again(kafka_broker), "postgresql": again(postgres_server)}
    besiege(suite, sink, workers | servers)


def calls_of(customers: list[Customer]) -> list[Call]:
    return [call for customer in customers for call in customer.calls()]


def timed(act: Callable[[], httpx.Response]) -> tuple[httpx.Response, float]:
    began = time.monotonic()
    return act(), time.monotonic() - began


def test_without_the_broker_events_asks_clients_to_come_back(suite: Suite, kafka_broker: KafkaBroker) -> None:
    books, customers = Books(suite), [Customer(number, "broker-away") for number in range(20)]
    kafka_broker.kill()
    try:
        batch, events = {"batch": calls_of(customers)}, suite.url("events")
        answer, seconds = timed(lambda: httpx.post(f"{events}/v1/batch", json=batch, auth=(WRITE_KEY, ""), timeout=30))
        assert (answer.status_code, answer.json()["code"]) == (503, "bus_unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        assert seconds < 10
        assert all(map(suite.ready, SERVICES)), "an outage of the bus takes no API out of service"
        time.sleep(AWAY_S)
    finally:
        kafka_broker.start()
    with TrackingClient(suite.url("events"), give_up_after_s=15) as client:
        client.send(calls_of(customers))
    assert books.account_of(customers) == expected(customers)


def test_without_the_database_no_api_is_ready_and_each_says_so(suite: Suite, postgres_server: PostgresServer) -> None:
    books, customers = Books(suite), [Customer(number, "database-away") for number in range(20)]
    postgres_server.kill()
    try:
        for service in SERVICES:
            with suite.client(service) as client:
                answer, seconds = timed(lambda client=client: client.get("/v1/summary"))  # type: ignore[misc]
                assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable"), service
                assert "retry-after" in answer.headers
                assert seconds < 10
                assert client.get("/readyz").status_code == 503
                assert client.get("/healthz").status_code == 200
        time.sleep(AWAY_S)
    finally:
        postgres_server.start()
    suite.wait_until_ready(timeout_s=15)
    with TrackingClient(suite.url("events"), give_up_after_s=15) as client:
        client.send(calls_of(customers))
    assert books.account_of(customers) == expected(customers)
