"""Scoring on a real database of either kind, with a clock that stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from threadpoolctl import threadpool_limits

from services.scoring.api.app import create_app
from services.scoring.bootstrap import MIGRATIONS, Wiring
from services.scoring.settings import ScoringSettings
from shared.contracts.events import Order, OrderLine, TouchpointRecordedV1
from shared.ids import new_id

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
Say = Callable[..., TouchpointRecordedV1]


@pytest.fixture
def migrations() -> str:
    return MIGRATIONS


@pytest.fixture
def wiring(database_url: str, tmp_path: Path) -> Iterator[Wiring]:
    settings = ScoringSettings(
        data_dir=tmp_path,
        scoring_database_url=database_url,
        bus_url=str(tmp_path / "bus"),
        dev_api_key="rk_test",
        scoring_keep_runs=2,
    )
    made = Wiring(settings, clock=lambda: NOW)
    yield made
    made.database.dispose()


@pytest.fixture
def http(wiring: Wiring) -> Iterator[httpx.Client]:
    with TestClient(create_app(wiring.settings), headers={"Authorization": "Bearer rk_test"}) as client:
        yield client


@pytest.fixture
def say() -> Say:
    """A touchpoint about an order: `say("user_id:ann", "o1", 1200, status="refunded", day=3)`."""

    def touchpoint(
        subject: str, order_id: str, amount: int | None, *, day: int = 0, currency: str = "GBP", **order: Any
    ) -> TouchpointRecordedV1:
        at = datetime.fromtimestamp(NOW.timestamp() - 86_400 * (200 - day), UTC)
        details = {"status": "completed", "lines": (OrderLine(product_id="tea", unit_price=3),), **order}
        return TouchpointRecordedV1(
            touchpoint_id=new_id(),
            message_id=new_id(),
            source_id="shop",
            kind="track",
            subject=subject,
            occurred_at=at,
            received_at=NOW,
            order=Order(order_id=order_id, currency=currency, amount_minor=amount, **details),
        )

    return touchpoint


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads of one small matrix product only wait for each other on a machine whose cores other tests use."""
    with threadpool_limits(1):
        yield
