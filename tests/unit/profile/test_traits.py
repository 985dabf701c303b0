from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.profile.domain.traits import Observation, present, settle

START = datetime(2026, 1, 1, tzinfo=UTC)
statements = st.lists(
    st.builds(
        lambda key, value, minutes: (key, value, minutes),
        st.sampled_from(["city", "age"]),
        st.sampled_from(["Taipei", "Tainan", 1, 1.0, True, None, ["a"], {"x": 1}]),
        st.integers(0, 5),
    ),
    max_size=12,
).map(
    lambda rows: [
        Observation(key, value, "s", f"t{place:03}", START + timedelta(minutes=minutes), START)
        for place, (key, value, minutes) in enumerate(rows)
    ]
)


def taken_in(batches: list[list[Observation]]) -> dict[str, Observation]:
    known: dict[str, Observation] = {}
    for batch in batches:
        known = {**known, **settle(known, batch).current}
    return known


@given(statements, st.randoms(), st.integers(0, 12))
def test_any_order_and_any_batches_agree(heard, random, cut) -> None:
    shuffled = [*heard, *heard[:3]]
    random.shuffle(shuffled)
    assert taken_in([heard]) == taken_in([shuffled[:cut], shuffled[cut:]])


@given(statements)
def test_the_latest_word_stands_and_none_takes_back(heard) -> None:
    latest = {}
    for each in sorted(heard, key=lambda each: (each.observed_at, each.touchpoint_id)):
        latest[each.key] = each.value
    assert repr(present(taken_in([heard]))) == repr({k: v for k, v in latest.items() if v is not None}) or present(
        taken_in([heard])
    ) == {key: value for key, value in latest.items() if value is not None}


@given(statements)
def test_every_value_that_ever_stood_is_in_the_history(heard) -> None:
    history = settle({}, heard).history
    assert {repr(each.value) for each in history} == {repr(each.value) for each in heard}


def test_a_later_statement_of_the_same_value_only_renews_it() -> None:
    first = Observation("city", "Taipei", "s", "t1", START, START)
    again = Observation("city", "Taipei", "s", "t2", START + timedelta(days=1), START)
    settled = settle({"city": first}, [again])
    assert (settled.current, settled.history, settled.changed) == ({"city": again}, (), frozenset())
