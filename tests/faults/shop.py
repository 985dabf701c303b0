"""A shop under load: unique customers and orders, so that whatever is lost or doubled can be named."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from tests.support.tracking_client import Call, TrackingClient

CURRENCY = "EUR"
ORDERS_A_CUSTOMER = 9
CALLS_A_CUSTOMER = 1 + ORDERS_A_CUSTOMER
CUSTOMERS_A_BATCH = 10
_OPENED = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Customer:
    """One customer and the calls that tell of it."""

    number: int
    prefix: str

    @property
    def user_id(self) -> str:
        return f"{self.prefix}-{self.number:06}"

    @property
    def email(self) -> str:
        return f"{self.user_id}@shop.example"

    @property
    def amounts_minor(self) -> list[int]:
        """What each order cost, no two alike in the whole shop."""
        first = 1_000 + self.number * ORDERS_A_CUSTOMER
        return [first + order for order in range(ORDERS_A_CUSTOMER)]

    def calls(self) -> Iterator[Call]:
        """The identify call, then an Order Completed for each order; messageIds are the same every time."""
        yield self._call("identify", "identify", traits={"email": self.email, "shop": self.prefix, "first_name": "Ada"})
        for order, amount in enumerate(self.amounts_minor):
            price = f"{amount // 100}.{amount % 100:02}"
            properties = {
                "order_id": f"{self.user_id}-{order}",
                "revenue": price,
                "currency": CURRENCY,
                "products": [{"product_id": f"P{order}", "name": f"Product {order}", "price": price, "quantity": 1}],
            }
            yield self._call("track", f"order-{order}", event="Order Completed", properties=properties)

    def message_ids(self) -> list[str]:
        """The messageId of every call."""
        return [str(call["messageId"]) for call in self.calls()]

    def _call(self, kind: str, name: str, **fields: Any) -> Call:
        moment = _OPENED + timedelta(minutes=self.number)
        message_id = f"{self.user_id}-{name}"
        return {"type": kind, "userId": self.user_id, "messageId": message_id, "timestamp": moment.isoformat()} | fields


class Load:
    """Customers who buy, batch after batch in a thread, each sent until it is acknowledged."""

    def __init__(self, url: str, *, prefix: str, calls_a_second: float = 150.0) -> None:
        self._client = TrackingClient(url)
        self._prefix = prefix
        self._pause_s = CUSTOMERS_A_BATCH * CALLS_A_CUSTOMER / calls_a_second
        self._stop = threading.Event()
        self._running: Future[None] | None = None
        self._enough = 0
        self.acknowledged: list[Customer] = []

    @property
    def attempts(self) -> int:
        """Requests so far, those without an answer too."""
        return self._client.attempts

    def start(self) -> None:
        """Begin."""
        pool = ThreadPoolExecutor(1)
        self._running = pool.submit(self._run)
        pool.shutdown(wait=False)

    def finish(self, *, at_least_calls: int) -> list[Customer]:
        """Stop once so much is acknowledged; the customers whose every call is. Raises what ended the load early."""
        assert self._running is not None, "the load was not started"
        self._enough = at_least_calls
        self._stop.set()
        self._running.result()
        return self.acknowledged

    def _run(self) -> None:
        with self._client:
            for first in count(step=CUSTOMERS_A_BATCH):
                if self._stop.is_set() and len(self.acknowledged) * CALLS_A_CUSTOMER >= self._enough:
                    return
                began = time.monotonic()
                self._buy([Customer(n, self._prefix) for n in range(first, first + CUSTOMERS_A_BATCH)])
                time.sleep(max(0.0, self._pause_s - (time.monotonic() - began)))

    def _buy(self, customers: list[Customer]) -> None:
        self._client.send([call for customer in customers for call in customer.calls()])
        self.acknowledged += customers
