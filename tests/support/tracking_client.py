"""Sends tracking calls as real SDKs do: in batches, again with the same messageIds until they are acknowledged."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Self

import httpx

from tests.support.suite import TLS, WRITE_KEY

Call = Mapping[str, Any]
_TRY_AGAIN = frozenset({408, 429, 500, 502, 503, 504})


class Refused(Exception):
    """The server will never take this batch: an SDK would drop it."""


class TrackingClient:
    """A client of one events API. Used by one thread; `attempts` counts requests, answered or not."""

    def __init__(self, url: str, *, give_up_after_s: float = 240.0) -> None:
        self._http = httpx.Client(base_url=url, auth=(WRITE_KEY, ""), timeout=10, verify=TLS)
        self._give_up_after_s = give_up_after_s
        self.attempts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def send(self, calls: Sequence[Call], **headers: str) -> None:
        """Return once the batch is acknowledged.

        Raises Refused on an answer that no SDK retries, TimeoutError when there was none in time.
        """
        deadline = time.monotonic() + self._give_up_after_s
        while time.monotonic() < deadline:
            if self._acknowledged(calls, headers):
                return
            time.sleep(0.1)
        raise TimeoutError(f"{len(calls)} calls were not acknowledged within {self._give_up_after_s:.0f} s")

    def _acknowledged(self, calls: Sequence[Call], headers: Mapping[str, str]) -> bool:
        self.attempts += 1
        try:
            answer = self._http.post("/v1/batch", json={"batch": list(calls)}, headers=headers)
        except httpx.TransportError:
            return False
        if answer.status_code not in _TRY_AGAIN | {200}:
            raise Refused(f"{answer.status_code} {answer.text}")
        return answer.status_code == 200
