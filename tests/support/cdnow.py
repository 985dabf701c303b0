"""CDNOW, the customers that purchase models are published on, as the package `lifetimes` brings them.

Read from its files, for its own reader needs a `pkg_resources` that newer Pythons come without.
"""

from __future__ import annotations

from pathlib import Path

import lifetimes
import pandas as pd

_FILES = Path(lifetimes.__file__).parent / "datasets"


def cdnow_transactions() -> pd.DataFrame:
    """The 1/10 sample: a row for each purchase, with customer (column 1), day as yyyymmdd (2) and dollars (4)."""
    return pd.read_csv(_FILES / "CDNOW_sample.txt", header=None, sep=r"\s+")


def cdnow_summary() -> pd.DataFrame:
    """A row for each customer: `frequency`, `recency` and `T` in weeks, `monetary_value` in dollars."""
    names = ["customer_id", "frequency", "recency", "T", "monetary_value"]
    file = _FILES / "cdnow_customers_summary_with_transactions.csv"
    return pd.read_csv(file, header=0, names=names, index_col="customer_id")
