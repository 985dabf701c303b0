"""How fast campaigns go out: dispatch with durable state per message, beside two clients that keep none.

`python -m tests.benchmarks.dispatch [--messages 10000] [--database URL]` prints messages per second and their ratios:
to smtplib, which most programs send with, and to the limit, the same bytes pipelined over as many connections.
The sink is a process of its own that says 250 to everything; each message is tailored, html and text, about 3 KB.
"""

from __future__ import annotations

import argparse
import asyncio
import smtplib
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time
from typing import cast

import uvloop
from pydantic import SecretStr

from services.messaging.adapters.smtp.batch import Batch, Envelope
from services.messaging.adapters.smtp.mime import mime_of
from services.messaging.adapters.smtp.server import parse_smtp_url
from services.messaging.adapters.smtp.session import SmtpSession
from services.messaging.adapters.sql.campaigns import SqlCampaigns
from services.messaging.adapters.sql.summary import summarise
from services.messaging.adapters.sql.templates import SqlTemplates
from services.messaging.bootstrap import MIGRATIONS, Wiring
from services.messaging.domain.addresses import parse_address
from services.messaging.domain.campaigns import Sender
from services.messaging.domain.letters import Letter
from services.messaging.domain.templates import Rendered, Variant
from services.messaging.settings import MessagingSettings
from services.messaging.use_cases.change_campaigns import Plan, change_campaign, plan_campaign
from shared.clock import utc_now
from shared.contracts.profile import Identifier, ProfileChangedV1, SegmentEnteredV1
from shared.ids import new_id
from shared.sql.migrations import upgrade
from tests.support.audiences import answer_campaigns
from tests.support.real_servers import free_ports

SEGMENT = new_id()
FILLER = "Our lanterns hang in gardens from Leeds to Taipei, and each is made by hand. " * 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--database", help="sqlite: or postgresql: URL; a temporary SQLite file unless given")
    parser.add_argument("--sink", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.sink:
        uvloop.run(_sink(options.sink))
        return
    (port,) = free_ports(1)
    sink = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.dispatch", "--sink", str(port)], stdout=subprocess.PIPE
    )
    try:
        assert sink.stdout is not None
        sink.stdout.readline()
        ours, cpu_s = _dispatch(port, options.messages, options.database)
        plain = _smtplib(port, min(options.messages, 2_000))
        limit = uvloop.run(_pipelined(port, options.messages))
    finally:
        sink.kill()
    sys.stdout.write(
        f"dispatch, durable state per message    {ours:8,.0f} messages/s   {cpu_s * 1e6:4.0f} us of CPU a message, "
        f"{1 / cpu_s:,.0f} messages/s a core\n"
        f"smtplib, prebuilt, no state            {plain:8,.0f} messages/s\n"
        f"pipelined, prebuilt, no state (limit)  {limit:8,.0f} messages/s\n"
        f"ratio to smtplib {ours / plain:.2f}, to the limit {ours / limit:.2f}\n"
    )


def _dispatch(port: int, number: int, database: str | None) -> tuple[float, float]:
    """Messages a second, and seconds of CPU a message."""
    with tempfile.TemporaryDirectory() as folder:
        wiring = Wiring(
            MessagingSettings(
                messaging_database_url=database or f"sqlite:///{folder}/messaging.db",
                data_dir=Path(folder),
                smtp_url=SecretStr(f"smtp://127.0.0.1:{port}"),
            )
        )
        upgrade(wiring.database, MIGRATIONS)
        _prepare(wiring, number)
        senders, transport = wiring.senders(), wiring.transport()
        senders.stay_alive()
        dispatch = wiring.dispatch(senders, transport)
        started, worked = perf_counter(), process_time()
        while dispatch.dispatch().claimed:
            senders.stay_alive()
        took, busy = perf_counter() - started, process_time() - worked
        transport.close()
        with wiring.database.reading() as session:
            became = summarise(session)["messages"]
        wiring.database.dispose()
    assert became == {"sent": number}, became
    return number / took, busy / number


def _prepare(wiring: Wiring, number: int) -> None:
    now = utc_now()
    for start in range(0, number, 1_000):
        facts: list[ProfileChangedV1 | SegmentEnteredV1] = []
        for index in range(start, min(start + 1_000, number)):
            who = new_id()
            email = Identifier(kind="email", value=f"customer{index}@example.com")
            traits = {"firstName": f"Jane{index}", "lastName": "Smith", "gender": "female", "city": "Leeds"}
            facts.append(
                ProfileChangedV1(profile_id=who, version=1, changed_at=now, identifiers=(email,), traits=traits)
            )
            facts.append(SegmentEnteredV1(segment_id=SEGMENT, profile_id=who, sequence=1, entered_at=now))
        with wiring.database.transaction() as session:
            wiring.handle_profiles(session, facts)
    page = (
        "<html><body><p>{{ salutation }},</p><p>" + FILLER + "</p><p>{{ traits.city | default('-') }}</p></body></html>"
    )
    text = "{{ salutation }},\n\n" + FILLER.replace(". ", ".\n") + "\n{{ unsubscribe_url }}\n"
    with wiring.database.transaction() as session:
        templates, campaigns = SqlTemplates(session), SqlCampaigns(session)
        template = wiring.save_template.create(
            templates,
            name="benchmark",
            default_language="en",
            variants={"en": Variant("Hi {{ first_name }}", page, text)},
        )
        plan = Plan(
            name="benchmark",
            segment_id=SEGMENT,
            template_id=template.template_id,
            sender=Sender("shop@example.com", "The Shop"),
            kind="marketing",
            topic="news",
        )
        campaign = plan_campaign(plan, templates=templates, campaigns=campaigns, clock=utc_now)
        change_campaign(campaigns, campaign.campaign_id, lambda found: found.launch(now))
    wiring.move_campaigns()
    answer_campaigns(wiring)
    while wiring.move_campaigns():
        pass


def _smtplib(port: int, number: int) -> float:
    """The standard library's client."""
    content = _prebuilt()
    with smtplib.SMTP("127.0.0.1", port) as client:
        started = perf_counter()
        for index in range(number):
            client.sendmail("shop@example.com", f"customer{index}@example.com", content)
        return number / (perf_counter() - started)


async def _pipelined(port: int, number: int) -> float:
    """Our client with nothing to write and nothing to remember: what is left is SMTP."""
    server, content = parse_smtp_url(f"smtp://127.0.0.1:{port}"), _prebuilt()
    sessions = [await SmtpSession.open(server, None, hello="localhost") for _ in range(server.connections)]
    batch = Batch(
        Envelope(str(index), "shop@example.com", f"customer{index}@example.com", content) for index in range(number)
    )
    started = perf_counter()
    await asyncio.gather(*(session.deliver(batch) for session in sessions))
    took = perf_counter() - started
    for session in sessions:
        await session.close()
    return number / took


def _prebuilt() -> bytes:
    """A message of the size that dispatch sends."""
    rendered = Rendered("en", "Hi", f"<html><body><p>{FILLER}</p></body></html>", FILLER.replace(". ", ".\n"))
    letter = Letter(new_id(), Sender("shop@example.com"), parse_address("customer@example.com"), rendered)
    return mime_of(letter, utc_now)


class _Sink(asyncio.Protocol):
    """Says yes to everything, as fast as Python can."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's does not inherit from it
        self._buffer = b""
        self._in_content = False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        replies = []
        while True:
            end = b"\r\n.\r\n" if self._in_content else b"\r\n"
            head, found, rest = self._buffer.partition(end)
            if not found:
                break
            self._buffer = rest
            replies.append(b"250 ok\r\n" if self._in_content else self._reply(head))
            self._in_content = not self._in_content and head.upper() == b"DATA"
        self._transport.write(b"".join(replies))

    def _reply(self, command: bytes) -> bytes:
        if command.upper().startswith(b"EHLO"):
            return b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
        return {b"DATA": b"354 go\r\n", b"QUIT": b"221 bye\r\n"}.get(command.upper(), b"250 ok\r\n")


async def _sink(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Sink, "127.0.0.1", port)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    main()
