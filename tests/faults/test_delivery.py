"""What arrives twice has one effect; what cannot be handled stops nothing; what happened can be traced."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.faults.account import Books, expected
from tests.faults.shop import CUSTOMERS_A_BATCH, Customer
from tests.support.suite import SERVICES, Suite
from tests.support.tracking_client import TrackingClient

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def shoppers(prefix: str, count: int) -> list[Customer]:
    return [Customer(number, prefix) for number in range(count)]


def send(suite: Suite, customers: list[Customer], *, times: int = 1, **headers: str) -> None:
    """Every call of the customers, in batches of a hundred, each batch so many times."""
    with TrackingClient(suite.url("events")) as client:
        for first in range(0, len(customers), CUSTOMERS_A_BATCH):
            calls = [call for each in customers[first : first + CUSTOMERS_A_BATCH] for call in each.calls()]
            for _ in range(times):
                client.send(calls, **headers)


def test_the_same_batch_five_times_has_one_effect(suite: Suite) -> None:
    books, customers = Books(suite), shoppers("again", 40)
    send(suite, customers, times=5)
    assert books.account_of(customers) == expected(customers)


@contextmanager
def poisoned(suite: Suite, order_id: str) -> Iterator[None]:
    """While it lasts, profile's database refuses one order, as a fault in the code that handles it would."""
    with sqlite3.connect(suite.directory / "profile.db", timeout=30, isolation_level=None) as database:
        database.execute(
            f"CREATE TRIGGER poison BEFORE INSERT ON orders WHEN NEW.order_id = '{order_id}' "
            "BEGIN SELECT RAISE(ABORT, 'this order is poison'); END"
        )
        yield
        database.execute("DROP TRIGGER poison")
    database.close()


def dead_letters(suite: Suite, service: str) -> list[dict[str, Any]]:
    with suite.client(service) as client:
        listed: list[dict[str, Any]] = client.get("/v1/dead-letters").json()["data"]
        return listed


def test_one_poison_fact_in_ten_thousand_stops_nothing_and_can_be_replayed(suite: Suite) -> None:
    books, customers = Books(suite), shoppers("poison", 1_000)
    victim = customers[500]
    with poisoned(suite, f"{victim.user_id}-2"):
        send(suite, customers)
        others = expected(customers).profile_orders - 1
        suite.wait_for(lambda: books.totals().profile_orders == others, "every other order", timeout_s=180)
        (letter,) = dead_letters(suite, "profile")
        assert letter["state"] == "dead"
        assert "this order is poison" in letter["reason"]
        assert letter["attempts"] > 1
    with suite.client("profile") as client:
        assert client.post(f"/v1/dead-letters/{letter['id']}/replay").json() == {"requested": 1}
    assert books.account_of(customers) == expected(customers)
    assert [letter["state"] for letter in dead_letters(suite, "profile")] == ["replayed"]


def test_one_trace_runs_through_all_four_services(suite: Suite) -> None:
    trace_id = secrets.token_hex(16)
    send(suite, shoppers("traced", 1), traceparent=f"00-{trace_id}-{secrets.token_hex(8)}-01")

    def logged() -> set[str]:
        return {service for service in SERVICES if trace_id in suite.log(f"{service}-worker")}

    suite.wait_for(lambda: logged() == set(SERVICES), "the trace id in every service's log", timeout_s=30)
