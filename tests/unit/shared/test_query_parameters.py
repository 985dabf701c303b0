"""Times in queries, as people and programs write them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.http.query_parameters import Since, Until

since: TypeAdapter[Any] = TypeAdapter(Since)
until: TypeAdapter[Any] = TypeAdapter(Until)


@pytest.mark.parametrize("value", ["2026-01-31T08:00:00+08:00", "2026-01-31T08:00:00 08:00", "2026-01-31 08:00 0800"])
@pytest.mark.parametrize("read", [since, until])
def test_the_plus_of_a_zone_may_have_become_a_space(read: TypeAdapter[Any], value: str) -> None:
    assert read.validate_python(value).isoformat() == "2026-01-31T00:00:00+00:00"


def test_a_day_is_part_of_the_span_as_either_end() -> None:
    assert since.validate_python("2026-01-31").isoformat() == "2026-01-31T00:00:00+00:00"
    assert until.validate_python("2026-01-31").isoformat() == "2026-02-01T00:00:00+00:00"


@pytest.mark.parametrize(
    "value", ["2026-02-30", "9999-12-31T23:59:59-01:00", "2026-01-31T08:00", "08:00", "now", "20260131"]
)
@pytest.mark.parametrize("read", [since, until])
def test_what_is_no_time_is_told_what_would_be_one(read: TypeAdapter[Any], value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read.validate_python(value)
    told = refused.value.errors()[0]["msg"]
    assert told == "must be a day such as 2026-01-31, or a time with its zone such as 2026-01-31T08:00:00Z"
