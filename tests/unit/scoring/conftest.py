"""The published samples that the models are held against."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from services.scoring.domain.visits import Visits
from tests.support import retail
from tests.support.cdnow import cdnow_transactions

CDNOW_START = int(np.datetime64("1997-01-01").astype(int))


@pytest.fixture(scope="session")
def cdnow() -> Visits:
    """The 1/10 sample of CDNOW: 2,357 customers, 78 weeks from 1997-01-01; money in cents."""
    table = cdnow_transactions()
    stamps = table[2].astype(str)
    days = np.array([f"{s[:4]}-{s[4:6]}-{s[6:]}" for s in stamps], dtype="datetime64[D]").astype(np.int64)
    _, customer = np.unique(table[1].to_numpy(), return_inverse=True)
    money = np.round(table[4].to_numpy() * 100)
    return Visits.from_purchases(customer=customer, day=days, money=money, customers=int(customer.max()) + 1)


@pytest.fixture(scope="session")
def online_retail() -> Visits:
    """Online Retail, cleaned: 4,338 customers, one year; money in pence."""
    kept = [
        row
        for row in retail.read_lines()
        if row["CustomerID"] and row["Quantity"] > 0 and row["UnitPrice"] > 0 and row["InvoiceNo"][0] != "C"
    ]
    _, customer = np.unique([row["CustomerID"] for row in kept], return_inverse=True)
    days = np.array([row["InvoiceDate"].to_pydatetime().date() for row in kept], dtype="datetime64[D]")
    money = np.array([row["Quantity"] * row["UnitPrice"] * 100 for row in kept])
    return Visits.from_purchases(
        customer=customer, day=days.astype(np.int64), money=money, customers=int(customer.max()) + 1
    )


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads of one small matrix product only wait for each other on a machine whose cores other tests use."""
    with threadpool_limits(1):
        yield
