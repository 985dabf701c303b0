"""How fast a customer's timeline is read over HTTP with ten million touchpoints on PostgreSQL.

`python -m tests.benchmarks.timeline [--rows 10000000] [--seconds 4]` starts a PostgreSQL server and fills it: 30 months
of touchpoints, a quarter of them of 25 customers who have up to 100,000 each, the others of customers with fifty; one
customer in five has three identifiers, and some have forty. Then one API process answers one client. Each question's
median and 99th percentile stand beside those of the same page read with one bare SQL statement, in turn.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg

from services.events.bootstrap import MIGRATIONS
from shared.sql.database import Database
from shared.sql.migrations import upgrade
from tests.benchmarks.timeline_rows import Population, fill
from tests.support.postgres import PostgresServer
from tests.support.suite import Suite

_PAGE = """
SELECT t.occurred_at, t.id, t.document FROM unnest(%s::varchar[]) AS who(subject) CROSS JOIN LATERAL (
    SELECT occurred_at, id, document FROM touchpoints WHERE subject = who.subject {conditions}
    ORDER BY occurred_at DESC, id DESC LIMIT 51) AS t
ORDER BY t.occurred_at DESC, t.id DESC LIMIT 51
"""
_CONDITIONS = {
    **{name: f"AND {name} = %s" for name in ("kind", "name", "channel", "department")},
    "from": "AND occurred_at >= %s",
    "to": "AND occurred_at < %s",
    "cursor": "AND occurred_at < %s",
}


@dataclass(frozen=True)
class Question:
    """One kind of page: of whom, and with which parameters."""

    name: str
    profiles: Sequence[str]
    query: dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each question")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rapport-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        server = PostgresServer(Path(folder) / "pg")
        server.start()
        try:
            url = server.new_database()
            _measure(url, Path(folder), options)
        finally:
            server.stop()


def _measure(url: str, folder: Path, options: argparse.Namespace) -> None:
    database = Database(url)
    upgrade(database, MIGRATIONS)
    population = Population(options.rows)
    began = time.perf_counter()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        fill(connection, population)
        took = time.perf_counter() - began
        sys.stdout.write(f"filled {options.rows:,} touchpoints in {took:.0f} s\n")
        settings = {"RAPPORT_EVENTS_DATABASE_URL": url}
        suite = Suite(folder / "suite", settings, services=("events",), roles=("api",))
        with suite, suite.client("events") as client:
            for question in _questions(population):
                _ask(question, client, connection, population, seconds=options.seconds)
    database.dispose()


def _questions(population: Population) -> Iterator[Question]:
    anyone, crowd, many = population.profiles(), population.big_profiles(), population.many_named_profiles()
    yield Question("first page, anyone", anyone, {})
    yield Question("first page, 100,000 touchpoints", crowd, {})
    yield Question("deep cursor, 100,000 touchpoints", crowd, {"deep": True})
    yield Question("forty identifiers", many, {})
    yield Question("only pages, 100,000 touchpoints", crowd, {"kind": "page"})
    yield Question("a rare channel, 100,000 touchpoints", crowd, {"channel": "kiosk"})
    yield Question("a rare event, 100,000 touchpoints", crowd, {"name": "Contract Signed"})
    yield Question("a rare department, anyone", anyone, {"department": "complaints"})
    yield Question("one month, anyone", anyone, population.a_month())


def _ask(
    question: Question,
    client: httpx.Client,
    connection: psycopg.Connection[Any],
    population: Population,
    *,
    seconds: float,
) -> None:
    """Ask over HTTP and bare in turn, of another customer each time."""
    chosen = random.Random(7)
    over_http: list[float] = []
    bare: list[float] = []
    rows = 0
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        profile_id = chosen.choice(question.profiles)
        query = dict(question.query)
        asked = dict(query)
        if query.pop("deep", False):
            asked = {"cursor": population.moment(chosen.random())}
            query["cursor"] = population.cursor(profile_id, asked["cursor"])
        statement = _PAGE.format(conditions=" ".join(_CONDITIONS[name] for name in asked))
        arguments = [population.subjects(profile_id), *asked.values()]
        over_http.append(_timed(partial(_get, client, profile_id, query)))
        bare.append(_timed(partial(_read, connection, statement, arguments)))
        rows += 1
    p50, p99 = _percentile(over_http, 0.50), _percentile(over_http, 0.99)
    sys.stdout.write(
        f"{question.name:38} p50 {p50 * 1e3:6.2f} ms  p99 {p99 * 1e3:6.2f} ms  "
        f"bare SQL p50 {_percentile(bare, 0.5) * 1e3:6.2f} ms, p99 {_percentile(bare, 0.99) * 1e3:6.2f} ms  "
        f"ratio {p50 / _percentile(bare, 0.5):5.2f}  ({rows} pages)\n"
    )
    sys.stdout.flush()


def _get(client: httpx.Client, profile_id: str, query: dict[str, Any]) -> None:
    answer = client.get(f"/v1/profiles/{profile_id}/timeline", params=query)
    answer.raise_for_status()


def _read(connection: psycopg.Connection[Any], statement: str, arguments: list[Any]) -> None:
    connection.execute(statement, arguments, prepare=True).fetchall()


def _timed(action: Callable[[], Any]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _percentile(seconds: list[float], share: float) -> float:
    return sorted(seconds)[min(int(len(seconds) * share), len(seconds) - 1)]


if __name__ == "__main__":
    main()
