"""Plays calls to events: full batches within the documented limits, a few on their way at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import msgspec

from deploy.demo.suite_api import SuiteApi
from deploy.demo.tracking_calls import Call

MAX_EVENT_BYTES = 256 * 1024
"""What the demo sets RAPPORT_EVENTS_MAX_EVENT_BYTES to: the largest invoice has 1,114 lines."""

_BATCH_BYTES = 450 * 1000
_BATCH_CALLS = 2_500
_SENDERS = 2
_encoder = msgspec.json.Encoder(decimal_format="number")


def play(api: SuiteApi, calls: Iterable[Call], sent: Callable[[int], object]) -> int:
    """Send every call and return how many there were; `sent` hears of each batch that was acknowledged."""
    total = 0
    on_their_way: dict[Future[None], int] = {}
    with ThreadPoolExecutor(_SENDERS, thread_name_prefix="player") as senders:
        for body, count in batches(calls):
            if len(on_their_way) > _SENDERS:
                _settle(on_their_way, sent)
            on_their_way[senders.submit(api.send_batch, body)] = count
            total += count
        while on_their_way:
            _settle(on_their_way, sent)
    return total


def batches(calls: Iterable[Call]) -> Iterator[tuple[bytes, int]]:
    """Bodies for /v1/batch and how many calls each holds, as large as the limits allow."""
    waiting: list[bytes] = []
    size = 0
    for call in calls:
        encoded = _encoder.encode(call)
        if waiting and (size + len(encoded) > _BATCH_BYTES or len(waiting) >= _BATCH_CALLS):
            yield _body(waiting), len(waiting)
            waiting, size = [], 0
        waiting.append(encoded)
        size += len(encoded) + 1
    if waiting:
        yield _body(waiting), len(waiting)


def _body(encoded: list[bytes]) -> bytes:
    return b'{"batch":[' + b",".join(encoded) + b"]}"


def _settle(on_their_way: dict[Future[None], int], sent: Callable[[int], object]) -> None:
    done, _ = wait(on_their_way, return_when=FIRST_COMPLETED)
    for future in done:
        future.result()
        sent(on_their_way.pop(future))
