"""How fast webhooks go out to 1,000 endpoints, with durable state per delivery, alone and beside a hanging tenth.

`python -m tests.benchmarks.webhooks [--endpoints 1000] [--events 10] [--database URL]` prints deliveries per second of
one worker, their share of what a bare client does, and the ratio of the others' 95th percentile when a tenth of the
endpoints hangs to when none does. The partner is a process of its own that answers 200 at once; latency is from the
event's commit to the stored answer. The bare client is the limit: such posts over as many connections, without state,
addresses or signatures.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import threading
import time
from typing import cast

import uvloop
from sqlalchemy import func, select, update

from services.events.adapters.http.exchange import Exchange
from services.events.adapters.sql.webhooks.endpoints import SqlEndpoints
from services.events.adapters.sql.webhooks.mailbox import SqlMailbox
from services.events.adapters.sql.webhooks.tables import webhook_deliveries, webhook_endpoints
from services.events.bootstrap import MIGRATIONS, Wiring
from services.events.domain.owners import Owner
from services.events.settings import EventsSettings
from services.events.use_cases.webhooks.feed_webhooks import feed_webhooks
from services.events.use_cases.webhooks.keep_endpoints import WantedEndpoint, create_endpoint
from services.events.workers.webhooks import WebhookLoop
from shared.clock import utc_now
from shared.contracts.profile import SegmentEnteredV1
from shared.ids import first_id_at, new_id
from shared.sql.migrations import upgrade
from tests.support.real_servers import free_ports

_WITHIN_S = 120.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoints", type=int, default=1_000)
    parser.add_argument("--events", type=int, default=10)
    parser.add_argument("--database", help="sqlite: or postgresql: URL; a temporary SQLite file unless given")
    parser.add_argument("--partner", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.partner:
        uvloop.run(_partner(options.partner))
        return
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "tests.benchmarks.webhooks", "--partner", str(port)]
    partner = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert partner.stdout is not None
        partner.stdout.readline()
        with tempfile.TemporaryDirectory() as folder:
            _measure(options.database or f"sqlite:///{folder}/events.db", port, options)
    finally:
        partner.kill()


def _measure(database: str, port: int, options: argparse.Namespace) -> None:
    settings = EventsSettings(events_database_url=database, webhook_allow_networks="127.0.0.0/8")
    wiring = Wiring(settings)
    upgrade(wiring.database, MIGRATIONS)
    owner = new_id()
    _endpoints(wiring, options.endpoints, port, owner)
    stop = threading.Event()
    delivery = WebhookLoop(wiring.webhooks.lanes(), wiring.webhooks.sender(), settings.delivery_limits)
    thread = threading.Thread(target=delivery.run, args=(stop,))
    thread.start()
    try:
        limit = uvloop.run(_bare(port, options.endpoints, options.events))
        _row("the same posts by a bare client", f"{limit:8,.0f} posts/s")
        rate, alone = _run(wiring, options.events, options.endpoints)
        _row(f"webhooks, {options.endpoints} endpoints, one worker", f"{rate:8,.0f} deliveries/s, durable")
        _row("share of that limit", f"{rate / limit:8.2f}")
        _row("95th percentile, none hangs", f"{alone:8.2f} s")
        hanging = _hang(wiring, options.endpoints // 10, port)
        _, beside = _run(wiring, options.events, options.endpoints - hanging)
        _row("95th percentile, a tenth hangs", f"{beside:8.2f} s")
        _row("ratio", f"{beside / alone:8.2f}")
    finally:
        stop.set()
        thread.join(30)
        wiring.database.dispose()


def _row(name: str, value: str) -> None:
    sys.stdout.write(f"{name:<41}{value}\n")


def _endpoints(wiring: Wiring, number: int, port: int, owner: str) -> None:
    with wiring.database.transaction() as session:
        endpoints = SqlEndpoints(session, Owner(owner))
        for index in range(number):
            wanted = WantedEndpoint(url=f"http://127.0.0.1:{port}/{index}")
            create_endpoint(endpoints, wanted, owner=owner, clock=utc_now)


def _hang(wiring: Wiring, number: int, port: int) -> int:
    """Let so many endpoints hang from now on."""
    e = webhook_endpoints.c
    with wiring.database.transaction() as session:
        chosen = list(session.scalars(select(e.id).order_by(e.id).limit(number)))
        hang = update(webhook_endpoints).where(e.id.in_(chosen)).values(url=f"http://127.0.0.1:{port}/hang")
        session.execute(hang)
    return len(chosen)


def _run(wiring: Wiring, events: int, answering: int) -> tuple[float, float]:
    """Deliveries a second, and the 95th percentile of the seconds that one took."""
    began_id, began = first_id_at(utc_now()), time.monotonic()  # a delivery's id has the time of its fact
    for _ in range(events):
        entered = SegmentEnteredV1(segment_id=new_id(), profile_id=new_id(), sequence=1, entered_at=utc_now())
        with wiring.database.transaction() as session:
            feed_webhooks([entered], SqlMailbox(session))
    expected, d = events * answering, webhook_deliveries.c
    mine = (d.id >= began_id) & (d.state == "delivered")
    while True:
        with wiring.database.reading() as session:
            done = session.scalar(select(func.count()).select_from(webhook_deliveries).where(mine)) or 0
        if done >= expected:
            break
        if time.monotonic() - began > _WITHIN_S:
            raise SystemExit(f"{done} of {expected} deliveries within {_WITHIN_S:.0f} s")
        time.sleep(0.05)
    took = time.monotonic() - began
    with wiring.database.reading() as session:
        rows = session.execute(select(d.created_at, d.finished_at).where(mine)).all()
    seconds = sorted((row.finished_at - row.created_at).total_seconds() for row in rows)
    return expected / took, seconds[int(len(seconds) * 0.95)]


async def _bare(port: int, endpoints: int, each: int) -> float:
    """Posts a second of a client that keeps nothing: as many connections as a worker has lanes, one post at a time."""
    body = b'{"type":"segment.entered","timestamp":"2026-01-01T00:00:00+00:00","data":%b}' % (b'"%b"' % (b"x" * 140))
    head = b"POST /0 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n%b"
    headers = b"webhook-id: %b\r\nwebhook-signature: v1,%b\r\n" % (b"0" * 36, b"x" * 44)
    request = (head % headers) + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    left = endpoints * each
    begin = asyncio.Event()

    async def post() -> None:
        nonlocal left
        _, exchange = await asyncio.get_running_loop().create_connection(Exchange, "127.0.0.1", port)
        await begin.wait()
        while left > 0:
            left -= 1
            await exchange.post(request)
        exchange.close()

    posting = [asyncio.create_task(post()) for _ in range(min(endpoints, EventsSettings().webhook_lanes))]
    await asyncio.sleep(0.5)
    began = time.monotonic()
    begin.set()
    await asyncio.gather(*posting)
    return endpoints * each / (time.monotonic() - began)


class _Answering(asyncio.Protocol):
    """Answers 200 to every whole request, and nothing on `/hang`."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, rest = self._buffer.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            if len(rest) < length:
                return
            self._buffer = rest[length:]
            if not head.startswith(b"POST /hang"):
                self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


async def _partner(port: int) -> None:
    await asyncio.get_running_loop().create_server(_Answering, "127.0.0.1", port, backlog=2_000)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)  # until who measures is gone, however it ended


if __name__ == "__main__":
    main()
