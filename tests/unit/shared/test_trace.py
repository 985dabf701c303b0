"""W3C trace context: accepted when well-formed, replaced when not."""

import pytest

from shared.telemetry.trace import accept_traceparent, is_sampled, trace_id

GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_the_callers_trace_goes_on_under_a_span_of_ours() -> None:
    accepted = accept_traceparent(GIVEN)
    assert trace_id(accepted) == trace_id(GIVEN)
    assert accepted != GIVEN
    assert is_sampled(accepted)


@pytest.mark.parametrize(
    "malformed",
    [None, "", "00-xyz", GIVEN + "x", GIVEN.upper(), "ff" + GIVEN[2:], "00-" + "0" * 32 + GIVEN[35:], "é" * 55],
)
def test_what_is_malformed_starts_a_new_trace_that_is_not_sampled(malformed: str | None) -> None:
    accepted = accept_traceparent(malformed)
    assert accept_traceparent(accepted)[:36] == accepted[:36]
    assert trace_id(accepted) != trace_id(GIVEN)
    assert not is_sampled(accepted)
