"""Takes calls in: checked, appended to the log, and only then acknowledged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter

from sqlalchemy.exc import DBAPIError
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from services.events.adapters.bus.group_append import GroupAppend
from services.events.adapters.bus.ingest_log import Envelope, events_of
from services.events.api.ingest.answers import SUCCESS_BODY, method_not_allowed, preflight, refusal, success_start
from services.events.api.ingest.api_keys import SendingApiKeys, bearer_key, is_api_key
from services.events.api.ingest.body import check_encoding, read_body, read_bytes
from services.events.api.ingest.cloud_events import accept_events, may_be_packed
from services.events.api.ingest.reading import BATCH, Accepted, accept
from services.events.api.ingest.write_keys import KnownWriteKeys, stated_write_key
from services.events.domain.errors import EventsError
from services.events.use_cases.accept_calls import CallLimits
from shared.bus.ports import BusError
from shared.clock import Clock
from shared.http.problems import Problem
from shared.telemetry.metrics import HTTP_SECONDS
from shared.telemetry.trace import accept_traceparent, current_traceparent

BEACON = "beacon"
CLOUD_EVENTS = "cloudevents"
CLOUD_EVENTS_PATH = "/v1/cloudevents"
PATHS = {
    **{f"/v1/{name}": BATCH for name in ("batch", "import", "b")},
    "/beacon/v1/batch": BATCH,
    **{f"/v1/{kind}": kind for kind in ("identify", "track", "page", "screen", "group", "alias")},
    **{f"/v1/{kind[0]}": kind for kind in ("identify", "track", "page", "screen", "group", "alias")},
    "/v1/m": BEACON,
}
"""What each path takes: a batch, calls of one kind, or the browser SDK's metrics about itself.

`/beacon` is where RudderStack's browser SDK sends when a page is left, with the write key in the query.
"""
_TARGETS = {**PATHS, CLOUD_EVENTS_PATH: CLOUD_EVENTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingestion:
    """What taking calls in needs."""

    limits: CallLimits
    keys: KnownWriteKeys
    api_keys: SendingApiKeys
    clock: Clock
    log: GroupAppend


class IngestGateway:
    """ASGI middleware that answers the paths of the tracking API and of CloudEvents, and passes everything else on."""

    def __init__(self, app: ASGIApp, *, ingestion: Ingestion) -> None:
        self._app = app
        self._ingestion = ingestion
        self._taken_seconds = {path: HTTP_SECONDS.labels("POST", path, "200") for path in _TARGETS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = _path_of(scope) if scope["type"] == "http" else None
        if path is None:
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        status = await self._answer(_TARGETS[path], scope, receive, send)
        seconds = (
            self._taken_seconds[path] if status == 200 else HTTP_SECONDS.labels(scope["method"], path, str(status))
        )
        seconds.observe(perf_counter() - began)

    async def _answer(self, target: str, scope: Scope, receive: Receive, send: Send) -> int:
        if scope["method"] != "POST":
            answer = preflight(scope) if scope["method"] == "OPTIONS" else method_not_allowed(scope)
            await answer(scope, receive, send)
            return answer.status_code
        headers = dict(scope["headers"])
        traceparent = accept_traceparent(headers.get(b"traceparent", b"").decode("latin-1"))
        token = current_traceparent.set(traceparent)
        try:
            if packing := headers.get(b"content-encoding"):
                check_encoding(packing)
            await self._take(target, scope, headers, receive)
        except (EventsError, BusError, DBAPIError, TimeoutError, Problem) as error:
            answer = refusal(scope, error)
            await answer(scope, receive, send)
            return answer.status_code
        except ClientDisconnect:
            return 499
        finally:
            current_traceparent.reset(token)
        await send(success_start(headers.get(b"origin")))
        await send(SUCCESS_BODY)
        return 200

    async def _take(self, target: str, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> None:
        """Return once every call in the request is durable."""
        within = self._ingestion
        if target == CLOUD_EVENTS:
            await self._take_cloud_events(scope, headers, receive)
            return
        stated = None if target == BEACON else stated_write_key(headers.get(b"authorization"), scope["query_string"])
        source_id = None if stated is None else await within.keys.source_of(stated)
        body = await read_body(receive, declared_length=headers.get(b"content-length"), limit=within.limits.batch_bytes)
        if target == BEACON:
            return
        accepted = accept(body, target=target, limits=within.limits)
        if source_id is None:
            source_id = await within.keys.source_of(accepted.write_key or "")
        await self._store(accepted, source_id)

    async def _take_cloud_events(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> None:
        within = self._ingestion
        key = bearer_key(headers.get(b"authorization"))
        if key is None:
            key = stated_write_key(headers.get(b"authorization"), scope["query_string"]) or ""
            source_id = await (within.api_keys if is_api_key(key) else within.keys).source_of(key)
        else:
            source_id = await within.api_keys.source_of(key)
        read = read_body if may_be_packed(headers) else read_bytes
        body = await read(receive, declared_length=headers.get(b"content-length"), limit=within.limits.batch_bytes)
        await self._store(Accepted(accept_events(scope["headers"], body, within.limits), None), source_id)

    async def _store(self, accepted: Accepted, source_id: str) -> None:
        envelope = Envelope(
            source_id=source_id,
            received_at=self._ingestion.clock(),
            sent_at=accepted.sent_at,
            context=accepted.context,
            integrations=accepted.integrations,
            flaws=accepted.flaws,
            traceparent=current_traceparent.get(),
        )
        await self._ingestion.log.append(events_of(accepted.lanes, envelope))


def _path_of(scope: Scope) -> str | None:
    """The path of the gateway that is meant, if any. Clients lose what is answered 404, so slashes around it are free:

    Segment's Java SDK posts to `/v1/import/`, and most SDKs join a host that ends with a slash to `//v1/...`.
    """
    stated = scope["path"]
    path = stated if stated in _TARGETS else f"/{stated.strip('/')}"
    return path if path in _TARGETS else None
