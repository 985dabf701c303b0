"""The loop that delivers webhooks: leases lanes, runs them side by side, stores what they did."""

from __future__ import annotations

import asyncio
import logging
import threading

import uvloop
from sqlalchemy.exc import DBAPIError

from services.events.adapters.http.webhook_sender import WebhookSender
from services.events.use_cases.webhooks.deliver_webhooks import DeliverLane, DeliveryLimits
from services.events.use_cases.webhooks.ports import Finished, Lane, Lanes

_log = logging.getLogger(__name__)
_SHORTEST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 0.2
_GATHER_S = 0.005
_RETRY_S = 1.0


class WebhookLoop:
    """One worker's share of all lanes."""

    def __init__(self, lanes: Lanes, sender: WebhookSender, limits: DeliveryLimits) -> None:
        self._lanes = lanes
        self._sender = sender
        self._limits = limits

    def run(self, stop: threading.Event) -> None:
        """Deliver until `stop` is set; then finish what was begun and let go of every lane."""
        uvloop.run(_Running(self._lanes, self._sender, self._limits, stop).run())


class _Running:
    def __init__(self, lanes: Lanes, sender: WebhookSender, limits: DeliveryLimits, stop: threading.Event) -> None:
        self._lanes = lanes
        self._sender = sender
        self._deliver = DeliverLane(sender, limits)
        self._stop = stop
        self._failing_places = max(1, limits.lanes // 4)
        self._healthy_places = max(1, limits.lanes - self._failing_places)
        self._healthy: set[asyncio.Task[None]] = set()
        self._failing: set[asyncio.Task[None]] = set()
        self._finished: list[Finished] = []
        self._something = asyncio.Event()
        self._ending = False

    async def run(self) -> None:
        storing = asyncio.create_task(self._store_all())
        pause_s = _SHORTEST_PAUSE_S
        while not self._stop.is_set():
            if await self._lease():
                pause_s = _SHORTEST_PAUSE_S
            else:
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
        await asyncio.gather(*self._healthy, *self._failing, return_exceptions=True)
        self._ending = True
        self._something.set()
        await storing
        self._sender.close()
        try:
            await self._store()
            await asyncio.to_thread(self._lanes.release_all)
        except DBAPIError as error:  # leases end by themselves, and what was not stored goes out once more
            _log.warning("webhook lanes were not let go of", extra={"reason": str(error)})

    async def _lease(self) -> int:
        """Begin with lanes that have something due; how many."""
        healthy, failing = self._healthy_places - len(self._healthy), self._failing_places - len(self._failing)
        if healthy + failing <= 0:
            return 0
        try:
            leased = await asyncio.to_thread(self._lanes.lease, healthy=healthy, failing=failing)
        except DBAPIError as error:
            _log.warning("webhooks wait", extra={"reason": str(error)})
            await asyncio.sleep(_RETRY_S)
            return 0
        for lane in leased:
            running = self._failing if lane.failures else self._healthy
            task = asyncio.create_task(self._run_lane(lane))
            running.add(task)
            task.add_done_callback(running.discard)
            task.add_done_callback(_tell_failure)
        return len(leased)

    async def _run_lane(self, lane: Lane) -> None:
        finished = await self._deliver.deliver(lane, self._stop.is_set)
        self._finished.append(finished)  # the list is another one than before the wait
        self._something.set()

    async def _store_all(self) -> None:
        while not self._ending:
            await self._something.wait()
            await asyncio.sleep(_GATHER_S)  # what ends together is stored together
            try:
                await self._store()
            except DBAPIError as error:
                _log.warning("webhook attempts wait to be stored", extra={"reason": str(error)})
                await asyncio.sleep(_RETRY_S)

    async def _store(self) -> None:
        self._something.clear()
        batch, self._finished = self._finished, []
        if not batch:
            return
        try:
            await asyncio.to_thread(self._lanes.finish, batch)
        except BaseException:
            self._finished = batch + self._finished
            self._something.set()
            raise


def _tell_failure(task: asyncio.Task[None]) -> None:
    """A lane that broke off is leased again when its lease has ended."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("a webhook lane broke off", exc_info=error)
