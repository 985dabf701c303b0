"""What bodies may write for times and integers: what the OpenAPI documents say, and no more."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from shared.http.schemas import InWords, Moment, Whole

moment: TypeAdapter[Any] = TypeAdapter(Moment)
whole: TypeAdapter[Any] = TypeAdapter(Whole)


@pytest.mark.parametrize("value", ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5+08:00", "2026-01-01 00:00Z"])
def test_a_moment_is_a_text_with_a_zone(value: str) -> None:
    assert moment.validate_python(value).utcoffset() is not None


@pytest.mark.parametrize("value", [0, 1.5e9, "0", "1767225600", "2026-01-01", "2026-01-01T00:00:00", "now", True])
def test_numbers_and_half_written_times_are_no_moments(value: object) -> None:
    with pytest.raises(ValidationError):
        moment.validate_python(value)


@pytest.mark.parametrize("value", [4, 4.0])
def test_json_has_one_kind_of_number(value: object) -> None:
    assert whole.validate_python(value) == 4


@pytest.mark.parametrize("value", ["4", True, 4.5, 1e400, None])
def test_what_looks_like_an_integer_is_none(value: object) -> None:
    with pytest.raises(ValidationError):
        whole.validate_python(value)


def test_people_are_told_in_words_what_programs_are_told_by_a_pattern() -> None:
    name: TypeAdapter[Any] = TypeAdapter(
        Annotated[str, Field(pattern="^[a-z]+$", max_length=3), InWords("{1 to 3} letters")]
    )
    for value in ("A", "aaaa", 7):
        with pytest.raises(ValidationError) as refused:
            name.validate_python(value)
        assert refused.value.errors()[0]["msg"] == "must be {1 to 3} letters"
    assert name.validate_python("abc") == "abc"
    assert name.json_schema() == {"type": "string", "pattern": "^[a-z]+$", "maxLength": 3}
