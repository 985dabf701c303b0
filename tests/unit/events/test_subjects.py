"""Under which names touchpoints are told."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.events.domain.subjects import MAX_ID_LENGTH, id_behind, id_text, ids_behind, is_subject, subject_of

ids = st.one_of(st.text(max_size=MAX_ID_LENGTH + 10), st.integers(), st.floats(allow_nan=False))


@given(user_id=ids, anonymous_id=ids)
def test_whoever_a_call_is_about_is_a_subject(user_id: str | int | float, anonymous_id: str | int | float) -> None:
    names = [id_text(user_id), id_text(anonymous_id)]
    assume(all(name is None or len(name) <= MAX_ID_LENGTH for name in names))
    subject = subject_of(*names)
    assert subject is None or is_subject(subject)


@pytest.mark.parametrize(
    "text", ["", "foo", "user_id", "user_id:", "user_id: ", "user_id: a", "user_id:a ", "email:a@b.example",
             "USER_ID:a", " user_id:a", "user_id:\x00", "user_id:" + "x" * (MAX_ID_LENGTH + 1)],
)  # fmt: skip
def test_what_nobody_can_be_called_is_none(text: str) -> None:
    assert not is_subject(text)


@pytest.mark.parametrize(
    ("text", "behind"),
    [
        ("Chen@Example.com", id_behind("email", "chen@example.com")),
        ("+886 2 2345 6789", id_behind("phone", "+886 2 2345 6789")),
    ],
)
def test_whoever_has_no_other_name_is_found_by_the_address_or_number(text: str, behind: str) -> None:
    assert ids_behind(text) == (text, behind)
    assert ids_behind("u-1") == ("u-1",)
