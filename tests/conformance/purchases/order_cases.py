"""What touchpoints say of a customer's orders, and what they come to: the rules that profile and scoring both keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from shared.contracts.events import Order, OrderStatus, TouchpointRecordedV1

START = datetime(2026, 1, 1, tzinfo=UTC)
_count = iter(range(1_000_000))


@dataclass(frozen=True)
class Case:
    """`net` money is in minor units of each currency; `first` and `last` are the hours at which orders were placed."""

    what: str
    said: tuple[TouchpointRecordedV1, ...]
    net: Mapping[str, int] = field(default_factory=dict)
    orders: int = 0
    refunds: int = 0
    first: int | None = None
    last: int | None = None


def said(
    status: OrderStatus, amount: int | None = None, currency: str = "EUR", *, order_id: str = "o1", hour: int = 0
) -> TouchpointRecordedV1:
    """What one touchpoint says of an order of u's."""
    at, number = START + timedelta(hours=hour), f"t{next(_count):06}"
    return TouchpointRecordedV1(
        touchpoint_id=number,
        message_id=number,
        source_id="shop",
        kind="track",
        subject="user_id:u",
        user_id="u",
        occurred_at=at,
        received_at=at,
        order=Order(order_id=order_id, status=status, currency=currency, amount_minor=amount),
    )


def case(what: str, *said: TouchpointRecordedV1, at: tuple[int, ...] = (), refunds: int = 0, **net: int) -> Case:
    """Orders that count were placed at the hours `at`."""
    first, last = (min(at), max(at)) if at else (None, None)
    return Case(what, said, net, orders=len(at), refunds=refunds, first=first, last=last)


CASES = (
    case(
        "two orders in two currencies, which are never added",
        said("completed", 500),
        said("completed", 300, "TWD", order_id="o2", hour=4),
        at=(0, 4),
        EUR=500,
        TWD=300,
    ),
    case(
        "one order that browser and server tell of: the later money holds, the earlier time",
        said("completed", 500),
        said("completed", 520, hour=1),
        at=(0,),
        EUR=520,
    ),
    case(
        "an update changes the money, and may change the currency",
        said("completed", 500),
        said("updated", 90, "GBP", hour=2),
        at=(0,),
        GBP=90,
    ),
    case(
        "an update without money leaves it",
        said("completed", 500),
        said("updated", None, hour=2),
        at=(0,),
        EUR=500,
    ),
    case("an order without money is not known to be one", said("completed", None)),
    case("a free order is no purchase", said("completed", 0)),
    case(
        "a part is paid back",
        said("completed", 500),
        said("refunded", 200, hour=2),
        at=(0,),
        refunds=1,
        EUR=300,
    ),
    case(
        "more is paid back than was taken",
        said("completed", 500),
        said("refunded", 300, hour=2),
        said("refunded", 300, hour=3),
        at=(0,),
        refunds=2,
        EUR=0,
    ),
    case(
        "all is paid back without naming an amount or a currency",
        said("completed", 500),
        said("refunded", None, "", hour=2),
        at=(0,),
        refunds=1,
        EUR=0,
    ),
    case(
        "a refund in another currency cannot be set against the order",
        said("completed", 500),
        said("refunded", 300, "TWD", hour=2),
        at=(0,),
        refunds=1,
        EUR=500,
    ),
    case(
        "refunds of an order that nobody told of count each in its currency",
        said("refunded", 300),
        said("refunded", 200, "GBP", hour=1),
        said("refunded", 50, "GBP"),
        refunds=3,
        EUR=-300,
        GBP=-250,
    ),
    case("a refund of all of an order that nobody told of", said("refunded", None, ""), refunds=1),
    case("a cancellation of an order that nobody told of", said("cancelled", None, "")),
    case("a cancelled order", said("completed", 500), said("cancelled", None, hour=1)),
    case("an order cancelled at the moment it was placed", said("completed", 500), said("cancelled", 500)),
    case(
        "an order that was cancelled and placed anew",
        said("completed", 500),
        said("cancelled", None, hour=1),
        said("completed", 400, hour=2),
        at=(0,),
        EUR=400,
    ),
    case(
        "an order that was cancelled, of which an update tells no money",
        said("completed", 500),
        said("cancelled", None, hour=1),
        said("updated", None, hour=2),
    ),
    case(
        "a cancelled order that is paid back as well",
        said("completed", 500),
        said("cancelled", None, hour=1),
        said("refunded", 500, hour=1),
        refunds=1,
    ),
)
