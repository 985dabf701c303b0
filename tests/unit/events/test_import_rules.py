"""What rows become: cells, groups, ids and the file of errors; and that reading a file never fails on its content."""

from __future__ import annotations

import csv
import io
import multiprocessing
import resource
import signal
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.events.adapters.files.csv_table import CsvTable, sniffed
from services.events.adapters.files.scratch import DiskScratch
from services.events.domain.imports.calls import CallMaker
from services.events.domain.imports.errors import UnusableFile
from services.events.domain.imports.mapping import read_file_mapping
from services.events.domain.imports.row_errors import ADDED, errors_csv, is_errors_file, unquoted
from services.events.domain.imports.rows import BadRow, RowFlaw, Sheet
from services.events.domain.inbound.mapped_calls import map_payload
from services.events.domain.inbound.mapping import read_mapping
from services.events.use_cases.imports.ports import CsvForm, NoRoom

NOW = datetime(2026, 11, 1, tzinfo=UTC)
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
PAIRS = st.lists(CELLS, min_size=2, max_size=2)


def counted() -> Any:
    seen: Counter[bytes] = Counter()

    def occurrences(digests: Sequence[bytes]) -> list[int]:
        found = []
        for digest in digests:
            found.append(seen[digest])
            seen[digest] += 1
        return found

    return occurrences


def made(document: dict[str, Any], header: Sequence[str], *rows: Sequence[Any], currency: str | None = None) -> Any:
    mapping = read_file_mapping(document, default_currency=currency)
    maker = CallMaker(mapping, header, now=NOW, occurrences=counted())
    return maker.make(Sheet(range(2, len(rows) + 2), rows))


def one(expression: Any, cell: Any, **more: Any) -> Any:
    """What an expression makes of a cell: its value, or why there is none."""
    found = made({"event": "E", "user_id": "u", "properties": {"x": expression, **more}}, ["c"], [cell])
    return found.bad[0].flaws[0].reason if found.bad else found.calls[0].body["properties"].get("x")


@pytest.mark.parametrize(("form", "cell", "means"), [
    (None, " tea ", "tea"), (None, "", None), ("number", "1,234.50", 1234.5), ("number", "3.00", 3),
    ("integer", "12", 12), ("boolean", "Yes", True), ("boolean", "否", False), ("major_units", "1,234.50", "1234.50"),
    ("minor_units", "1999", "19.99"), ("text", 7.0, "7"),
])  # fmt: skip
def test_a_cell_is_what_the_mapping_says(form: str | None, cell: Any, means: Any) -> None:
    assert one({"from": "/c", "as": form}, cell, currency="EUR") == means


@pytest.mark.parametrize(("form", "cell", "says"), [
    ("number", "1.2.3", "no number"), ("integer", "1.5", "no whole number"), ("boolean", "perhaps", "neither true nor"),
    ("major_units", "free", "no amount"), ("minor_units", "19.99", "smallest unit"),
])  # fmt: skip
def test_a_cell_that_is_not_is_refused_with_what_would_be_right(form: str, cell: str, says: str) -> None:
    assert says in one({"from": "/c", "as": form}, cell, currency="EUR")


@pytest.mark.parametrize("separator", ["", ".", " ", "'", "\u2019", "\u00a0", "\u202f"])
@given(st.integers(-(10**9), 10**9), st.integers(0, 999))
def test_numbers_with_a_comma_before_their_decimals_are_read_as_europe_writes_them(
    separator: str, whole: int, thousandths: int
) -> None:
    cell = f"{whole:,}".replace(",", separator) + f",{thousandths:03}"
    assert one({"from": "/c", "as": "major_units", "decimal": ","}, cell) == f"{whole}.{thousandths:03}"


@pytest.mark.parametrize(("form", "cell", "means"), [
    ("number", "0,5", 0.5), ("number", "1.234", 1234), ("integer", "1.234", 1234), ("minor_units", "1.999", "19.99"),
    ("number", "1 234,50", 1234.5), ("number", 12.5, 12.5), ("text", "1.234", "1.234"), (None, "1,5", "1,5"),
])  # fmt: skip
def test_what_stands_before_decimals_is_of_numbers_alone(form: str | None, cell: Any, means: Any) -> None:
    expression = {"from": "/c", "decimal": ",", **({"as": form} if form else {})}
    assert one(expression, cell, currency="EUR") == means


@pytest.mark.parametrize("cell", ["19.90", "1,234.50", "1,2,3", "1.23", "12 34", "1.234 567,0", "-", ",5"])
def test_a_number_in_another_writing_than_the_mapping_says_is_refused(cell: str) -> None:
    assert "such as 1.234,50" in one({"from": "/c", "as": "number", "decimal": ","}, cell)


def test_a_decimal_comma_that_no_mapping_speaks_of_is_refused_with_what_to_say() -> None:
    for form in ("number", "integer", "major_units"):
        assert '"decimal": ","' in one({"from": "/c", "as": form}, "19,90")
    assert "decimal" not in one({"from": "/c", "as": "number"}, "free")


def test_a_lookup_exchanges_and_a_default_stands_for_what_is_not_there() -> None:
    lookup = {"from": "/c", "lookup": {"01": "Taipei"}, "default": "elsewhere"}
    assert [one(lookup, cell) for cell in ("01", "02", "")] == ["Taipei", "elsewhere", "elsewhere"]


@pytest.mark.parametrize(("stated", "cell", "means"), [
    ({}, "2026-04-05T17:31:00+08:00", "2026-04-05T09:31:00+00:00"),
    ({"zone": "Asia/Taipei"}, "2026-04-05 17:31", "2026-04-05T09:31:00+00:00"),
    ({"format": "%d/%m/%Y", "zone": "America/New_York"}, "05/07/2026", "2026-07-05T04:00:00+00:00"),
    ({}, "1700000000", "2023-11-14T22:13:20+00:00"), ({}, "1700000000000", "2023-11-14T22:13:20+00:00"),
    ({}, "20260405", "2026-04-05T00:00:00+00:00"),
    ({"format": "%Y%m%d%H%M"}, "202604051731", "2026-04-05T17:31:00+00:00"),
])  # fmt: skip
def test_times_are_read_in_their_form_and_zone(stated: dict[str, str], cell: str, means: str) -> None:
    found = made({"event": "E", "user_id": "u", "timestamp": {"from": "/c", **stated}}, ["c"], [cell])
    assert found.calls[0].body["timestamp"] == means
    assert found.calls[0].day == datetime.fromisoformat(means).toordinal()


@pytest.mark.parametrize(
    "cell",
    ["soon", "2027-01-01", "1812-12-01", "99999999999999", "2026-13-01", "45321", "45321.75", "2026", "20261301",
     "202604051731", "20260405173100", "0", "-1"],
)  # fmt: skip
def test_times_that_cannot_be_are_refused(cell: str) -> None:
    found = made({"event": "E", "user_id": "u", "timestamp": "/c"}, ["c"], [cell])
    assert found.bad[0].flaws[0].column == "c"


def test_rows_that_are_alike_are_told_apart_and_stay_the_same_the_next_time() -> None:
    document = {"event": "E", "user_id": "/c"}
    first = [call.message_id for call in made(document, ["c"], ["a"], ["b"], ["a"]).calls]
    again = [call.message_id for call in made(document, ["c"], ["b"], ["a"], ["a"], ["c"]).calls]
    assert len(set(first)) == 3
    assert set(first) < set(again)


@given(
    st.lists(
        st.tuples(st.sampled_from(["", "a", "B@x.org", "nobody"]), CELLS, st.sampled_from(["9", "x", ""])), max_size=8
    )
)
def test_a_row_means_what_the_same_json_means_to_a_webhook(rows: list[tuple[str, str, str]]) -> None:
    document = {
        "event": {"from": "/what", "default": "Seen"}, "user_id": "/what", "email": "/who",
        "properties": {"what": "/what", "n": {"from": "/n", "lookup": {"9": 9}, "default": 0}},
    }  # fmt: skip
    found = made({**document, "message_id": ["/who"], "required": []}, ["who", "what", "n"], *rows)
    for call in found.calls:
        who, what, n = (cell.strip() or None for cell in rows[call.span[0]])
        (other,) = map_payload(read_mapping(document), {"who": who, "what": what, "n": n}).calls
        assert {k: v for k, v in call.body.items() if k != "messageId"} == other


@pytest.mark.parametrize("before", ["\n \r\n", "sep=;\n", "sep=;\r\n\n"])
def test_what_spreadsheets_write_before_the_header_is_skipped(before: str) -> None:
    table = CsvTable(lambda: [f"{before}a;b\n1,5;2\n".encode()], CsvForm())
    assert (list(table.header), table.delimiter) == (["a", "b"], ";")
    assert [list(row) for batch in table.batches() for row in batch.sheet.rows] == [["1,5", "2"]]


def test_columns_without_a_name_of_their_own_are_passed_over_unless_they_are_used() -> None:
    def opened(*used: str) -> CsvTable:
        return CsvTable(lambda: [b"who,,note,note,\nM1,x,1,2,\n"], CsvForm(), used=used)

    assert [list(row) for batch in opened("who").batches() for row in batch.sheet.rows] == [["M1", "x", "1", "2", ""]]
    with pytest.raises(UnusableFile, match="a column twice that the mapping reads: 'note'; rename"):
        opened("who", "note")


@pytest.mark.parametrize("body", [",,\n", " , ,\t\n", ",\n", "   \n", "\n", ",,,,\n"])
def test_a_row_of_delimiters_and_spaces_is_blank(body: str) -> None:
    (batch,) = CsvTable(lambda: [f"a,b,c\n1,2,3\n{body}4,5,6\n".encode()], CsvForm()).batches()
    assert (list(batch.sheet.numbers), batch.bad, batch.blank) == ([2, 4], [], 1)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_told_by_its_zeros_and_read_when_it_is_said(encoding: str) -> None:
    body = "sku,price\ncup,80\n".encode(encoding)
    with pytest.raises(UnusableFile, match="UTF-16 and not utf-8; save it as UTF-8, or say"):
        CsvTable(lambda: [body], CsvForm())
    (batch,) = CsvTable(lambda: [body], CsvForm(encoding="utf-16")).batches()
    assert list(batch.sheet.rows) == [["cup", "80"]]


def test_half_an_emoji_in_utf_16_is_a_refused_row_and_not_the_end_of_the_file() -> None:
    content = "a,b\n1,2\n3,\ud83d\n5,6\n".encode("utf-16", "surrogatepass")
    (batch,) = CsvTable(lambda: [content], CsvForm()).batches()
    assert (list(batch.sheet.numbers), [bad.number for bad in batch.bad]) == ([2, 4], [3])


def test_long_rows_come_a_few_at_a_time_and_all_of_them() -> None:
    body = "a,b\n" + "".join(f"{n},{'x' * 100_000}\n" for n in range(1_000))
    chunks = [body[start : start + 2**20].encode() for start in range(0, len(body), 2**20)]
    batches = list(CsvTable(lambda: chunks, CsvForm()).batches())
    assert [row[0] for batch in batches for row in batch.sheet.rows] == [str(n) for n in range(1_000)]
    assert max(len(batch.sheet.rows) for batch in batches) <= 600


@pytest.mark.parametrize(
    ("body", "good", "says"),
    [
        ('a,b\n1,"2\n3,4\n5,6\n', [], "never closed"),
        ('a,b\n1,"2\n3,"4\n5,6\n', [["5", "6"]], "written twice"),
        ('a,b\n1,"2\n' + "3,4\n" * 40_000 + "5,6\n", [["3", "4"]] * 7_232 + [["5", "6"]], "never closed"),
        ('a,b\n1,2"3\n4,"5""6"\n', [["1", '2"3'], ["4", '5"6']], None),
    ],
)
def test_a_quote_too_few_swallows_no_rows_in_silence(body: str, good: list[list[str]], says: str | None) -> None:
    batches = list(CsvTable(lambda: [body.encode()], CsvForm()).batches())
    assert [list(row) for batch in batches for row in batch.sheet.rows] == good
    told = [flaw.reason for batch in batches for bad in batch.bad for flaw in bad.flaws]
    assert len(told) == (says is not None)
    assert all(says in each for each in told if says)


@given(st.binary(max_size=400))
def test_reading_a_file_never_fails_on_its_rows(body: bytes) -> None:
    try:
        table = CsvTable(lambda: [body[:7], body[7:]], CsvForm())
    except UnusableFile:
        return
    total = 0
    for batch in table.batches():
        total += len(batch.sheet.rows) + len(batch.bad) + batch.blank
        assert all(len(row) == len(table.header) for row in batch.sheet.rows)
        assert all("\x00" not in cell and cell.encode() is not None for row in batch.sheet.rows for cell in row)
    assert total >= 0


@given(
    st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=6), st.sampled_from([",", ";", "\t", "|"])
)
def test_what_was_written_is_read_but_for_rows_that_hold_nothing(rows: list[list[str]], delimiter: str) -> None:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows([["a", "b"], *rows])
    table = CsvTable(lambda: [written.getvalue().encode()], CsvForm())
    batches = list(table.batches())
    held = [row for row in rows if any(map(str.strip, row))]
    assert [list(row) for batch in batches for row in batch.sheet.rows] == held
    assert sum(batch.blank for batch in batches) == len(rows) - len(held)
    assert table.delimiter == delimiter == sniffed(f"a{delimiter}b")


FORMULAS = "=+-@\t\r\n＝＋－＠"
"""What may begin one in a spreadsheet (OWASP, CSV injection); in East Asia it takes wide signs as well."""
CELLS = st.text(
    st.sampled_from(f"'{FORMULAS.replace(chr(13), '')}") | st.characters(codec="utf-8", exclude_characters="\x00\r"),
    max_size=8,
)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2)))
def test_the_file_of_errors_is_harmless_to_spreadsheets_and_reads_as_the_rows_that_were_refused(
    rows: list[list[str]],
) -> None:
    bad = [BadRow(number, row, (RowFlaw(number, "a", "=1"),)) for number, row in enumerate(rows, 2)]
    text = "".join(errors_csv(["=a", "b"], bad)).removeprefix("\ufeff")
    header, *found = csv.reader(io.StringIO(text, newline=""))
    assert is_errors_file(header)
    assert header[:2] == ["'=a", "b"]
    assert tuple(header[2:]) == ADDED
    assert not [cell for row in found for cell in row if cell[:1] in tuple(FORMULAS)]
    assert [unquoted(row) for row in found] == rows


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 9)), max_size=40), st.integers(1, 12))
def test_groups_are_whole_and_in_one_order_however_they_are_cut(rows: list[tuple[str, int]], at_once: int) -> None:
    scratch = DiskScratch()
    sheet = Sheet(range(2, len(rows) + 2), rows)
    scratch.put([key for key, _ in rows], sheet)
    found = [
        [sheet.rows[row] for row in range(*span)] for sheet in scratch.groups(at_once) for span in sheet.spans or ()
    ]
    scratch.close()
    keys = sorted({key for key, _ in rows})
    assert found == [[row for row in rows if row[0] == key] for key in keys]


@given(st.lists(st.lists(st.sampled_from([b"a" * 16, b"b" * 16, b"c" * 16]), max_size=5), max_size=5))
def test_room_on_disk_counts_like_memory(batches: list[list[bytes]]) -> None:
    scratch, other = DiskScratch(), counted()
    assert [scratch.occurrences(some) for some in batches] == [other(some) for some in batches]
    scratch.close()


def fill_a_small_disk() -> None:
    """Writing past the limit fails as writing to a full disk does."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    scratch, sheet = DiskScratch(), Sheet(range(5_000), [["x" * 1_000]] * 5_000)
    with suppress(NoRoom):
        for _ in range(30):
            scratch.put(["k"] * 5_000, sheet)
        raise AssertionError("there was room")


def test_a_disk_without_room_is_told_from_a_fault_of_ours() -> None:
    process = multiprocessing.get_context("spawn").Process(target=fill_a_small_disk)
    process.start()
    process.join()
    assert process.exitcode == 0
