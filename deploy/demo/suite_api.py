"""The four services over HTTP, as any program would call them: patient with a service that is restarting."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator, Mapping
from typing import Any, Self

import httpx

from deploy.demo.failures import DemoFailed

_PATIENCE_S = 120.0
_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)

Json = dict[str, Any]


class SuiteApi:
    """One client for all four; safe to share between threads.

    Whatever is asked twice because an answer was lost has one effect: events carry a messageId, other calls an
    Idempotency-Key. Raises DemoFailed when a service refuses, or does not answer for two minutes.
    """

    def __init__(self, urls: Mapping[str, str], *, api_key: str, write_key: str) -> None:
        self._urls = urls
        self._write_key = write_key
        self._client = httpx.Client(timeout=_TIMEOUT, headers={"Authorization": f"Bearer {api_key}"})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, service: str, path: str, **query: Any) -> Json:
        """The JSON that a GET answers with."""
        return self._ask(service, "GET", path, params=query)

    def pages(self, service: str, path: str, **query: Any) -> Iterator[Json]:
        """Every item of a list, page by page."""
        cursor: str | None = None
        while True:
            page = self.get(service, path, limit=200, **query, **({"cursor": cursor} if cursor else {}))
            yield from page["data"]
            cursor = page.get("next_cursor")
            if not cursor:
                return

    def post(self, service: str, path: str, body: Json | None = None, *, once: str) -> Json:
        """The JSON that a POST answers with; `once` names its effect, so that a repetition has none."""
        return self._ask(service, "POST", path, json=body, headers={"Idempotency-Key": once})

    def send_batch(self, body: bytes) -> None:
        """Hand over one batch of tracking calls; returns when events has it for good."""
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        self._ask(
            "events",
            "POST",
            "/v1/batch",
            content=gzip.compress(body, compresslevel=1),
            headers=headers,
            auth=(self._write_key, ""),
        )

    def click(self, link: str) -> None:
        """What a mail provider does when a reader unsubscribes (RFC 8058): no key, no cookie, one form field."""
        answer = httpx.post(link, data={"List-Unsubscribe": "One-Click"}, timeout=_TIMEOUT)
        if not answer.is_success:
            raise DemoFailed(f"POST {link} answered {answer.status_code}: {answer.text[:500]}")

    def _ask(self, service: str, method: str, path: str, **request: Any) -> Json:
        url = f"{self._urls[service]}{path}"
        deadline = time.monotonic() + _PATIENCE_S
        pause = 0.1
        while True:
            try:
                answer = self._client.request(method, url, **request)
                if answer.status_code not in _TRY_AGAIN:
                    return _content(answer)
                problem = f"{answer.status_code} {answer.text[:500]}"
                pause = max(pause, min(5.0, _seconds(answer.headers.get("Retry-After"))))
            except httpx.TransportError as error:
                problem = f"{type(error).__name__}: {error}"
            if time.monotonic() > deadline:
                raise DemoFailed(f"{method} {url} failed for {_PATIENCE_S:.0f} s: {problem}")
            time.sleep(pause)
            pause = min(2.0, pause * 2)


def _content(answer: httpx.Response) -> Json:
    if not answer.is_success:
        raise DemoFailed(f"{answer.request.method} {answer.url} answered {answer.status_code}: {answer.text[:500]}")
    content: Json = answer.json() if answer.content else {}
    return content


def _seconds(retry_after: str | None) -> float:
    return float(retry_after) if retry_after and retry_after.isdigit() else 0.0
