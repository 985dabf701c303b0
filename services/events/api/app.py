"""The FastAPI application of events, with the tracking API in front of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from services.events.adapters.bus.fact_stream import FactStream
from services.events.adapters.bus.group_append import GroupAppend
from services.events.api.event_stream import OpenStreams
from services.events.api.ingest.api_keys import SENDING, SendingApiKeys
from services.events.api.ingest.cloud_events_description import describe_cloud_events
from services.events.api.ingest.description import describe_ingest
from services.events.api.ingest.gateway import IngestGateway, Ingestion
from services.events.api.ingest.write_keys import KnownWriteKeys
from services.events.api.problems import PROBLEMS
from services.events.api.routes import (
    archive,
    browser,
    erasures,
    import_files,
    import_mappings,
    imports,
    inbound,
    inbound_sources,
    plan_rules,
    quarantine,
    retention,
    sources,
    stream,
    summary,
    timeline,
    touchpoints,
    tracking_plan,
    webhook_deliveries,
    webhook_replays,
    webhooks,
)
from services.events.api.stream_origins import StreamForBrowsers
from services.events.bootstrap import Wiring
from services.events.settings import EventsSettings
from services.events.use_cases.accept_calls import CallLimits
from shared.http.app import Extras, build_app
from shared.http.openapi import Document
from shared.workers.bus_loops import create_topics

_OPEN_WITHIN_S = 5.0  # without the bus the service serves all the same: readers read, clients hear 503 and retry
_DESCRIPTION = "Takes in every touchpoint (Segment's HTTP Tracking API) and keeps each customer's timeline."

_ROUTERS = (
    browser.router,
    sources.router,
    inbound_sources.router,
    inbound.router,
    import_mappings.router,
    import_files.router,
    imports.router,
    timeline.router,
    touchpoints.router,
    summary.router,
    webhooks.router,
    webhook_deliveries.router,
    webhook_replays.router,
    stream.router,
    tracking_plan.router,
    plan_rules.router,
    quarantine.router,
    archive.router,
    erasures.router,
    retention.router,
)


@asynccontextmanager
async def _serving(wiring: Wiring, facts: FactStream) -> AsyncIterator[None]:
    stop = threading.Event()
    opening = asyncio.create_task(run_in_threadpool(lambda: create_topics(wiring.bus, stop)))
    await asyncio.wait({opening}, timeout=_OPEN_WITHIN_S)
    yield
    stop.set()
    await opening
    facts.close()
    await run_in_threadpool(wiring.close)


def create_app(settings: EventsSettings) -> FastAPI:
    """The application; the bus is opened when it starts to serve."""
    wiring = Wiring(settings)
    keys = KnownWriteKeys(wiring.find_source)
    facts = FactStream(lambda: wiring.bus, wiring.erasing.living_now)
    extras = Extras(
        lifespan=lambda _: _serving(wiring, facts),
        larger_bodies={import_files.PATH: settings.import_max_bytes},
        further_scopes=(SENDING,),
        owner_left=wiring.webhooks.owner_left,
        further_description=lambda document: _describe_ingestion(document, settings.call_limits),
    )
    app = build_app(wiring, name="events", description=_DESCRIPTION, routers=_ROUTERS, problems=PROBLEMS, extras=extras)
    app.state.write_keys = keys
    app.state.streams = OpenStreams(facts, most=settings.stream_clients)
    ingestion = Ingestion(
        limits=settings.call_limits,
        keys=keys,
        api_keys=SendingApiKeys(app.state.access, wiring.source_of_caller),
        clock=wiring.clock,
        log=GroupAppend(lambda records: wiring.publisher.submit(records)),
    )
    app.state.ingestion = ingestion
    app.add_middleware(StreamForBrowsers)
    _put_in_front(app, ingestion)
    return app


def _describe_ingestion(document: Document, limits: CallLimits) -> None:
    describe_ingest(document, limits)
    describe_cloud_events(document, limits)


def _put_in_front(app: FastAPI, ingestion: Ingestion) -> None:
    """Let the gateway stand before every middleware, FastAPI's own among them: they cost a single call a tenth."""
    layers = app.build_middleware_stack
    app.build_middleware_stack = lambda: IngestGateway(layers(), ingestion=ingestion)  # type: ignore[method-assign]
