"""When an endpoint counts as failing for too long: attempts over the time, not the time alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.events.domain.webhooks.failing import Failing
from services.events.domain.webhooks.retries import SCHEDULE_S

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
FIVE_DAYS_S = 5 * 24 * 3600.0


def failed_at(*seconds: float) -> Failing:
    """What failures so long after the beginning come to."""
    failing = Failing(BEGUN, BEGUN)
    for each in seconds:
        failing = failing.again(BEGUN + timedelta(seconds=each), disable_after_s=FIVE_DAYS_S)
    return failing


def test_a_pause_of_weeks_counts_no_more_than_a_long_wait() -> None:
    assert failed_at(0.0, 30 * 24 * 3600.0).tried_s == FIVE_DAYS_S / 4


def test_every_wait_of_the_schedule_counts_whole_however_it_is_varied() -> None:
    moments = list(accumulate(SCHEDULE_S, lambda at, wait: at + 1.2 * wait, initial=0.0))
    assert abs(failed_at(*moments).tried_s - moments[-1]) < 1e-3


@given(st.lists(st.floats(0, 1e7), min_size=1).map(sorted))
def test_it_takes_the_time_and_five_attempts(moments: list[float]) -> None:
    failing = failed_at(*moments)
    assert failing.since == BEGUN
    assert failing.tried_s <= moments[-1] + 1e-3
    if failing.tried_s >= FIVE_DAYS_S:
        assert len(moments) >= 5 - (moments[0] > 0)
    if all(later - earlier <= FIVE_DAYS_S / 4 for earlier, later in pairwise([0.0, *moments])):
        assert abs(failing.tried_s - moments[-1]) < 1e-3


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_attempts_that_end_out_of_order_never_count_twice(moments: list[float]) -> None:
    assert failed_at(*moments).tried_s <= max(moments) + 1e-3
