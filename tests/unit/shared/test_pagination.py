"""Cursors: each belongs to one list, and leads on from the row that it was made of."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http.pagination import Place
from shared.http.problems import Problem

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
filters = st.lists(st.tuples(texts, texts), max_size=3)
moments = st.datetimes(timezones=st.just(UTC))


@given(address=texts, asked=filters, moment=moments, name=texts, value=st.floats(allow_nan=False, allow_infinity=False))
def test_a_cursor_leads_behind_the_row_it_stands_for(
    address: str, asked: list[tuple[str, str]], moment: datetime, name: str, value: float
) -> None:
    cursor = Place(address, asked).next(moment, name, value)
    again = Place(address, list(reversed(asked)), cursor)
    assert again.after(datetime, str, float) == (moment, name, value)
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


@given(one=st.tuples(texts, filters), other=st.tuples(texts, filters))
def test_no_list_takes_anothers_cursor(
    one: tuple[str, list[tuple[str, str]]], other: tuple[str, list[tuple[str, str]]]
) -> None:
    cursor = Place(*one).next("row")
    if one[0] == other[0] and sorted(one[1]) == sorted(other[1]):
        assert Place(*other, cursor).after_id() == "row"
    else:
        refused(Place(*other, cursor), str)


@pytest.mark.parametrize(
    ("key", "types"),
    [
        (("row",), (str, str)),
        (("row", "more"), (str,)),
        (("row",), (float,)),
        ((7,), (str,)),
        (("not a time",), (datetime,)),
        (("2026-01-01T00:00:00",), (datetime,)),
        (("\x00",), (str,)),
        ((), (str,)),
    ],
)
def test_a_key_that_no_row_has_is_refused(key: tuple[object, ...], types: tuple[type, ...]) -> None:
    refused(Place("/v1/things", (), Place("/v1/things", ()).next(*key)), *types)


@given(st.text("ABab01_-", min_size=1, max_size=40))
def test_what_nobody_made_is_refused(cursor: str) -> None:
    refused(Place("/v1/things", (), cursor), str)


def test_the_beginning_of_a_list_has_no_cursor() -> None:
    assert Place("/v1/things", ()).after(datetime, str) is None
    assert Place("/v1/things", ()).after_id() is None


def refused(place: Place, *types: type) -> None:
    with pytest.raises(Problem) as told:
        place.after(*types)
    assert (told.value.status, told.value.code) == (400, "invalid_cursor")
