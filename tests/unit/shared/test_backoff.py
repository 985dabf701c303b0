"""How long is waited between attempts that fail."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.backoff import backoff_s


@given(st.integers(1, 100_000), st.floats(0.001, 10), st.floats(10, 60))
def test_each_wait_is_twice_the_one_before_up_to_the_longest(failures: int, first_s: float, longest_s: float) -> None:
    wait = backoff_s(failures, first_s=first_s, longest_s=longest_s)
    assert backoff_s(1, first_s=first_s, longest_s=longest_s) == first_s
    assert backoff_s(failures + 1, first_s=first_s, longest_s=longest_s) == min(wait * 2, longest_s)
