"""When a touchpoint happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.events.domain.timing import IMPLAUSIBLE, IN_FUTURE, SKEWED, occurred_at, parse_time

RECEIVED = datetime(2026, 11, 21, 12, tzinfo=UTC)
moments = st.timedeltas(timedelta(0), timedelta(days=13_000)).map(lambda age: datetime(1990, 1, 1, tzinfo=UTC) + age)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2011-12-09T12:50:00Z", datetime(2011, 12, 9, 12, 50, tzinfo=UTC)),
        ("2011-12-09T12:50:00+00:00", datetime(2011, 12, 9, 12, 50, tzinfo=UTC)),
        ("2011-12-09T20:50:00.5+08:00", datetime(2011, 12, 9, 12, 50, 0, 500_000, tzinfo=UTC)),
        ("2011-12-09 12:50:00", datetime(2011, 12, 9, 12, 50, tzinfo=UTC)),
        ("2011-12-09", datetime(2011, 12, 9, tzinfo=UTC)),
        (1323435000, datetime(2011, 12, 9, 12, 50, tzinfo=UTC)),
        (1323435000000, datetime(2011, 12, 9, 12, 50, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        (10**30, None),
        (1e300, None),
        (None, None),
    ],
)
def test_times_are_read_in_the_forms_that_clients_write(text: object, expected: datetime | None) -> None:
    assert parse_time(text) == expected  # type: ignore[arg-type]


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none()))
def test_no_time_makes_reading_fail(value: str | int | float | None) -> None:
    parsed = parse_time(value)
    assert parsed is None or parsed.utcoffset() == timedelta(0)


@given(moments, st.timedeltas(timedelta(0), timedelta(days=30)), st.timedeltas(timedelta(hours=-9), timedelta(hours=9)))
def test_a_wrong_clock_is_corrected(happened: datetime, waited: timedelta, error: timedelta) -> None:
    sent = happened + waited
    found, flaws = occurred_at(original=happened + error, sent=sent + error, received=sent)
    assert (found, flaws) == (happened, ())


@given(moments)
def test_a_historical_import_keeps_its_times(happened: datetime) -> None:
    assert occurred_at(original=happened, sent=None, received=RECEIVED) == (happened, ())


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.one_of(st.none(), st.datetimes(timezones=st.just(UTC))),
)
def test_nothing_happens_after_it_was_received(original: datetime, sent: datetime | None) -> None:
    found, _ = occurred_at(original=original, sent=sent, received=RECEIVED)
    assert datetime(1900, 1, 1, tzinfo=UTC) <= found <= RECEIVED


def test_what_cannot_be_is_flagged() -> None:
    tomorrow = RECEIVED + timedelta(days=1)
    assert occurred_at(original=tomorrow, sent=None, received=RECEIVED) == (RECEIVED, (IN_FUTURE,))
    soon = RECEIVED + timedelta(seconds=20)
    assert occurred_at(original=soon, sent=None, received=RECEIVED) == (RECEIVED, ())
    nought = datetime(1, 1, 1, tzinfo=UTC)
    assert occurred_at(original=nought, sent=None, received=RECEIVED) == (RECEIVED, (IMPLAUSIBLE,))
    dead_battery = datetime(1970, 1, 1, tzinfo=UTC)
    found, flaws = occurred_at(original=dead_battery, sent=dead_battery + timedelta(hours=1), received=RECEIVED)
    assert (found, flaws) == (RECEIVED - timedelta(hours=1), (SKEWED,))
