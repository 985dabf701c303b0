"""Which columns of a Parquet file are read, what their cells are, and which file is refused for its columns."""

from __future__ import annotations

import io
import re
from collections.abc import Collection
from contextlib import suppress
from datetime import time
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.events.adapters.files.parquet_table import ParquetTable
from services.events.domain.imports.errors import UnusableFile

NESTED = {
    "list": pa.array([["a"], ["b"]]),
    "struct": pa.array([{"b": 1}, {"b": 2}]),
    "map": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())),
}
UNREADABLE = NESTED | {
    "duration": pa.array([1, 2], pa.duration("s")),
    "fixed size": pa.array([b"x" * 16, b"y" * 16], pa.binary(16)),
}


def opened(columns: dict[str, Any], used: Collection[str] | None = None, **written: Any) -> ParquetTable:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, **written)
    return ParquetTable(io.BytesIO(file.getvalue()), size=len(file.getvalue()), used=used)


def cells(table: ParquetTable) -> list[tuple[Any, ...]]:
    return [tuple(row) for batch in table.batches() for row in batch.sheet.rows]


@pytest.mark.parametrize("kind", sorted(UNREADABLE))
def test_a_column_that_cannot_be_read_is_passed_over_unless_it_is_used(kind: str) -> None:
    columns = {"first": ["x", "y"], "odd one": UNREADABLE[kind], "last": [1, 2]}
    table = opened(columns, used={"first"})
    assert (list(table.header), cells(table)) == (["first", "last"], [("x", 1), ("y", 2)])
    assert list(opened(columns).header) == ["first", "last"]
    with pytest.raises(UnusableFile, match=r"column 'odd one' is of type .*; taken are texts.*leave it out of the map"):
        opened(columns, used={"first", "odd one"})


def test_columns_without_a_name_of_their_own_are_passed_over_unless_they_are_used() -> None:
    file = io.BytesIO()
    table = pa.table([["M1"], ["x"], ["y"], ["z"]], names=["who", "note", " note", ""])
    pq.write_table(table, file)

    def opened_for(used: Collection[str] | None) -> ParquetTable:
        return ParquetTable(io.BytesIO(file.getvalue()), size=len(file.getvalue()), used=used)

    for used in ({"who"}, None):
        assert (list(opened_for(used).header), cells(opened_for(used))) == (["who"], [("M1",)])
    with pytest.raises(UnusableFile, match="twice that the mapping reads: 'note'"):
        opened_for({"note"})


def test_uuids_and_json_are_texts_where_they_are_used() -> None:
    """DuckDB and Arrow write both as types of their own, which may be what names an order or a customer."""
    ids = [UUID("01a22198-12d2-7937-b75c-e258f1677799"), None]
    columns = {
        "who": ["x", "y"],
        "id": pa.array([each and each.bytes for each in ids], pa.uuid()),
        "more": pa.array(['{"a": 1}', None], pa.json_(pa.string())),
    }
    table = opened(columns, used={"id", "more"})
    assert cells(table) == [("x", str(ids[0]), '{"a": 1}'), ("y", None, None)]
    assert list(opened(columns).header) == ["who", "id", "more"]
    assert list(opened(columns, used={"who"}).header) == ["who"]  # else rows imported before would be other ones now


def test_the_type_is_told_shortly() -> None:
    wide = pa.array([{f"field_{number}": number for number in range(200)}])
    with pytest.raises(UnusableFile, match=re.escape("struct<field_0: int64")) as refused:
        opened({"a": ["x"], "wide": wide}, used={"wide"})
    assert len(str(refused.value)) < 400


def test_a_file_of_which_nothing_can_be_read_is_refused() -> None:
    with pytest.raises(UnusableFile, match="no column can be read.*'list' is of type list"):
        opened(NESTED)
    with pytest.raises(UnusableFile, match="no column can be read.*'note' is of type binary"):
        opened({"note": [b"a"]}, used=())


def test_a_name_with_a_dot_is_not_taken_for_what_is_nested() -> None:
    table = opened({"a.b": ["x"], "a": [{"b": 1, "c": [2]}], "a.d": ["y"]}, used={"a.b"})
    assert (list(table.header), cells(table)) == (["a.b", "a.d"], [("x", "y")])


def test_times_of_day_are_texts() -> None:
    columns = {
        "seconds": pa.array([36_000, None], pa.time32("s")),
        "micros": pa.array([36_000_000_001, 86_399_999_999], pa.time64("us")),
        "nanos": pa.array([36_000_500_000_999, 0], pa.time64("ns")),
    }
    first, second = cells(opened(columns))
    assert first == ("10:00:00", "10:00:00.000001", "10:00:00.500000")
    assert second == (None, "23:59:59.999999", "00:00:00")


@given(st.lists(st.none() | st.times(), min_size=1, max_size=20))
def test_every_time_of_day_can_be_read_again(times: list[time | None]) -> None:
    read = cells(opened({"at": pa.array(times, pa.time64("us"))}))
    assert [None if cell is None else time.fromisoformat(cell) for (cell,) in read] == times


@pytest.mark.parametrize("ticks", [-5, 86_400_000_000, 2**60])
def test_a_time_of_no_day_is_empty(ticks: int) -> None:
    assert cells(opened({"a": ["x"], "at": pa.array([ticks], pa.time64("us"))})) == [("x", None)]


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.dictionary(pa.int32(), pa.binary())])
def test_bytes_are_text_where_they_are_used(kind: Any) -> None:
    columns = {"who": ["a", "b", "c"], "note": pa.array(["茶".encode(), b"\xff", None], pa.binary()).cast(kind)}
    assert cells(opened(columns, used={"who"})) == [("a",), ("b",), ("c",)]
    (batch,) = opened(columns, used={"who", "note"}).batches()
    assert [tuple(row) for row in batch.sheet.rows] == [("a", "茶"), ("c", None)]
    (bad,) = batch.bad
    (flaw,) = bad.flaws
    assert (bad.number, flaw.column) == (3, "note")
    assert flaw.reason == "bytes that are not UTF-8, as which texts and bytes are read"


def test_texts_of_every_kind_are_read() -> None:
    kinds = {"large": pa.large_string(), "view": pa.string_view(), "dict": pa.dictionary(pa.int32(), pa.string())}
    assert cells(opened({name: pa.array(["茶"]).cast(kind) for name, kind in kinds.items()})) == [("茶",) * 3]


damaged = io.BytesIO()
pq.write_table(pa.table({"who": ["M1", "茶", None], "at": [time(10), None, time(9)], "till": [b"a", b"\xff", b""], **{
    name: pa.concat_arrays([column, column[:1]]) for name, column in NESTED.items()
}}), damaged, compression="none")  # fmt: skip
SOUND = damaged.getvalue()


@settings(max_examples=300, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(4, len(SOUND) - 9), st.integers(0, 255)), min_size=1, max_size=5),
    used=st.sampled_from([None, {"who"}, {"who", "at", "till"}, {"list"}]),
)
def test_a_damaged_file_is_refused_or_read_and_nothing_else(changes: list[tuple[int, int]], used: Any) -> None:
    content = bytearray(SOUND)
    for place, value in changes:
        content[place] = value
    with suppress(UnusableFile):
        cells(ParquetTable(io.BytesIO(content), size=len(content), used=used))


def test_a_text_that_is_there_often_is_held_once_and_long_rows_come_a_few_at_a_time() -> None:
    long = "y" * 10_000
    table = opened({"who": ["M1", "M2"] * 10_000, "note": [long, None] * 10_000})
    (batch,) = table.batches()
    assert len({id(row[1]) for row in batch.sheet.rows}) == 2
    different = opened({"note": [f"{n}{'z' * 500_000}" for n in range(100)]}, compression="zstd", use_dictionary=False)
    assert [len(batch.sheet.rows) for batch in different.batches()] == [67, 33]


@settings(deadline=None)
@given(
    texts=st.lists(
        st.none() | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=3)
    ),
    group=st.integers(1, 30),
    at_once=st.integers(1, 30),
)
def test_texts_come_as_they_were_written(texts: list[str | None], group: int, at_once: int) -> None:
    kinds = (pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string()))
    columns = {str(kind): pa.array(texts, pa.string()).cast(kind) for kind in kinds}
    assert cells(opened(columns, row_group_size=group, data_page_size=at_once)) == [(text,) * 3 for text in texts]
