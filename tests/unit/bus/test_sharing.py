"""How a group divides its partitions."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from shared.bus.embedded.sharing import share

TOPICS = ("orders", "profiles", "scores")
sizes = st.dictionaries(st.sampled_from(TOPICS), st.integers(1, 12), min_size=1)
members = st.dictionaries(
    st.sampled_from(["ann", "bob", "cat", "dan", "eve"]),
    st.frozensets(st.sampled_from(TOPICS), min_size=1),
    min_size=1,
)


@given(sizes, members, st.randoms(use_true_random=False))
def test_every_partition_goes_evenly_to_those_who_want_it(partitions, subscriptions, random) -> None:  # type: ignore[no-untyped-def]
    owners = {
        (topic, number): random.choice([*subscriptions, "gone"])
        for topic, count in partitions.items()
        for number in range(count)
        if random.random() < 0.7
    }
    shared = share(partitions, subscriptions, owners)
    for topic, count in partitions.items():
        wanting = [member for member, topics in subscriptions.items() if topic in topics]
        held = Counter(shared[topic, number] for number in range(count) if (topic, number) in shared)
        assert sum(held.values()) == (count if wanting else 0)
        assert set(held) <= set(wanting)
        if wanting:
            assert max(held.values()) - min(held[member] for member in wanting) <= 1


@given(sizes, members)
def test_sharing_again_moves_nothing(partitions, subscriptions) -> None:  # type: ignore[no-untyped-def]
    once = share(partitions, subscriptions, {})
    assert share(partitions, subscriptions, once) == once


def test_who_stays_keeps_what_it_had_when_another_leaves() -> None:
    both = share({"orders": 8}, {"ann": frozenset({"orders"}), "bob": frozenset({"orders"})}, {})
    alone = share({"orders": 8}, {"bob": frozenset({"orders"})}, both)
    assert set(alone.values()) == {"bob"}
    three = {name: frozenset({"orders"}) for name in ("ann", "bob", "cat")}
    grown = share({"orders": 8}, three, both)
    moved = [partition for partition, owner in grown.items() if owner != both[partition]]
    assert len(moved) == 2
    assert {grown[partition] for partition in moved} == {"cat"}


def test_topics_with_one_partition_are_spread_over_the_members() -> None:
    names = {f"t{n}": 1 for n in range(4)}
    shared = share(names, {"ann": frozenset(names), "bob": frozenset(names)}, {})
    assert Counter(shared.values()) == {"ann": 2, "bob": 2}
