"""Calls for the recording benchmark: what an online shop's server and pages send, about 400 bytes each."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from shared.bus.ports import Topic
from shared.clock import utc_now

USERS = 9_973
_AN_ORDER_EACH = 25
_YESTERDAY = utc_now() - timedelta(days=1)
_PAGES = ("lanterns", "candles", "bunting", "cake-cases", "baskets")
_AGENTS = tuple(
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0 Safari/537.36"
    for v in range(110, 140)
)


def call(number: int) -> dict[str, object]:
    """A track call of its own message id; every 25th is an order of two lines."""
    ordered = number % _AN_ORDER_EACH == 0
    page = _PAGES[number % len(_PAGES)]
    return {
        "type": "track",
        "messageId": f"api-{number:012d}-6a5c1f3e",
        "userId": f"user-{number * 7_919 % USERS}",
        "event": "Order Completed" if ordered else "Product Viewed",
        "timestamp": (_YESTERDAY + timedelta(milliseconds=number % 10_000_000)).isoformat(),
        "context": {
            "library": {"name": "analytics-node", "version": "2.1.3"},
            "page": {"path": f"/{page}/{number % 1_000}"},
            "userAgent": _AGENTS[number % len(_AGENTS)],
        },
        "properties": _order(number) if ordered else _view(number, page),
    }


def lanes_of(calls: list[dict[str, object]], topic: Topic) -> dict[int, list[bytes]]:
    """The calls' texts by partition, as ingestion sorts them."""
    lanes: dict[int, list[bytes]] = {}
    for one in calls:
        lanes.setdefault(topic.partition_of(f"user_id:{one['userId']}"), []).append(msgspec.json.encode(one))
    return lanes


def _view(number: int, page: str) -> dict[str, object]:
    sku = f"A-{number % 3_000}"
    return {"product_id": sku, "sku": sku, "category": page, "name": "Paper lantern", "price": 12.5}


def _order(number: int) -> dict[str, object]:
    lines = [{"product_id": f"A-{number % 3_000 + n}", "price": 2.55, "quantity": n + 1} for n in range(2)]
    return {"order_id": f"{number}", "revenue": 7.65, "currency": "GBP", "products": lines}
