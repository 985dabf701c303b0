"""Reading invoices and counting them are two ways that must agree, on the real data and on invented lines."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.demo.accounts import PUBLISHED, check_input
from deploy.demo.checks import failed
from deploy.demo.expectations import expect
from deploy.demo.invoices import Invoice, Kind
from deploy.demo.online_retail import COLUMNS, invoices_of, read_table
from deploy.demo.tracking_calls import money_of

SCHEMA = pa.schema(
    zip(
        COLUMNS,
        (pa.string(), pa.string(), pa.string(), pa.int64(), pa.timestamp("us"), pa.float64(), pa.int32(), pa.string()),
        strict=True,
    )
)


def table_of(*rows: tuple[Any, ...]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(COLUMNS, row, strict=True)) for row in rows], schema=SCHEMA)


def line(number: str, quantity: int, price: float, customer: int | None, minute: int = 0) -> tuple[Any, ...]:
    return (number, "A1", "LANTERN ", quantity, datetime(2011, 3, 1, 9, minute), price, customer, "France")  # noqa: DTZ001


@pytest.fixture(scope="module")
def whole_set() -> pa.Table:
    return read_table()


def test_the_shipped_file_is_the_published_set(whole_set: pa.Table) -> None:
    expected = expect(whole_set)
    assert {figure: getattr(expected, figure) for figure in PUBLISHED} == PUBLISHED


def test_every_invoice_and_line_is_accounted_for(whole_set: pa.Table) -> None:
    expected, invoices = expect(whole_set), list(invoices_of(whole_set))
    assert failed(check_input(expected, invoices, whole=True)) == []
    refunds = expected.refunds + expected.anonymous_refunds
    adjustments = expected.stock_adjustments + expected.debt_adjustments
    assert expected.purchases + refunds + adjustments == expected.invoices
    assert expected.order_lines + expected.adjustment_lines == expected.all_lines


def test_what_is_played_is_the_cleaned_sum_to_the_penny(whole_set: pa.Table) -> None:
    sold = [i for i in invoices_of(whole_set) if i.kind is Kind.PURCHASE and i.customer_id]
    assert sum(money_of(invoice) for invoice in sold) == Decimal("8911407.90")


def test_a_part_of_the_set_holds_whole_customers(whole_set: pa.Table) -> None:
    whole, part = expect(whole_set), expect(read_table(one_in=40))
    assert 0 < part.customers < whole.customers / 20
    assert part.accounts.items() <= whole.accounts.items()


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ([line("500", 2, 1.5, 7)], Kind.PURCHASE),
        ([line("500", 2, 1.5, None)], Kind.PURCHASE),
        ([line("500", 2, 0.0, 7)], Kind.PURCHASE),
        ([line("500", 1, 0.0, None), line("500", 1, 3.0, None)], Kind.PURCHASE),
        ([line("C500", -2, 1.5, 7)], Kind.REFUND),
        ([line("500", -20, 0.0, None)], Kind.STOCK_ADJUSTMENT),
        ([line("500", 20, 0.0, None)], Kind.STOCK_ADJUSTMENT),
        ([line("A500", 1, -11.0, None)], Kind.DEBT_ADJUSTMENT),
    ],
)
def test_what_an_invoice_is_about(rows: list[tuple[Any, ...]], kind: Kind) -> None:
    (invoice,) = invoices_of(table_of(*rows))
    assert invoice.kind is kind


def test_an_invoice_that_is_interrupted_by_another_is_one() -> None:
    table = table_of(line("1", 1, 1.0, 7, 5), line("2", 1, 1.0, 8), line("1", 1, 2.0, 7, 4))
    invoices = {invoice.number: invoice for invoice in invoices_of(table)}
    assert [part.unit_price for part in invoices["1"].lines] == [Decimal("1.0"), Decimal("2.0")]
    assert invoices["1"].at == datetime(2011, 3, 1, 9, 4, tzinfo=UTC)
    assert invoices["1"].lines[0].name == "LANTERN"


lines = st.builds(
    line,
    st.sampled_from(["100", "101", "102", "103", "C104", "C105", "A106"]),
    st.integers(-50, 50).filter(bool),
    st.integers(0, 5000).map(lambda mills: mills / 1000),
    st.none(),
    st.integers(0, 59),
)


@given(st.lists(lines, min_size=1, max_size=30), st.dictionaries(st.integers(100, 106), st.integers(1, 3)))
def test_reading_and_counting_agree(rows: list[tuple[Any, ...]], customers: dict[int, int]) -> None:
    known = [(*row[:6], customers.get(int(row[0][-3:])), row[7]) for row in rows]
    table = table_of(*known)
    expected, invoices = expect(table), list(invoices_of(table))
    assert failed(check_input(expected, invoices, whole=False)) == []
    assert sum(len(i.lines) for i in invoices if i.kind in (Kind.PURCHASE, Kind.REFUND)) == expected.order_lines


def test_another_table_is_refused_by_name(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    with pytest.raises(ValueError, match="InvoiceNo"):
        read_table(tmp_path / "other.parquet")


def total(invoice: Invoice) -> Decimal:
    return sum((part.quantity * part.unit_price for part in invoice.lines), Decimal(0))


def test_money_is_rounded_half_up_to_the_penny() -> None:
    (invoice,) = invoices_of(table_of(line("1", 1, 0.001, 7), line("1", 1, 0.004, 7)))
    assert (total(invoice), money_of(invoice)) == (Decimal("0.005"), Decimal("0.01"))
