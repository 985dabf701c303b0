"""Identity resolution, held by generated histories of ties."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.profile.domain.identifiers import ANONYMOUS_ID, EMAIL, PHONE, USER_ID, Identifier
from services.profile.domain.identity import Identity, IdentityGraph, Tie
from services.profile.domain.protection import MergePolicy

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def user(value: str) -> Identifier:
    return Identifier(USER_ID, value)


def device(value: str) -> Identifier:
    return Identifier(ANONYMOUS_ID, value)


def address(value: str) -> Identifier:
    return Identifier(EMAIL, value)


def graph(known: Sequence[Identity] = (), policy: MergePolicy | None = None, prefix: str = "p") -> IdentityGraph:
    numbers = count()
    return IdentityGraph(known, policy=policy or MergePolicy(), now=NOW, id_of=lambda _: f"{prefix}{next(numbers):06}")


def groups(resolved: IdentityGraph) -> set[frozenset[Identifier]]:
    created = {resolved.survivor_of(identity.profile_id) for identity in resolved.created}
    return {resolved.names_of(profile_id) for profile_id in created}


names = st.builds(
    Identifier,
    st.sampled_from([USER_ID, ANONYMOUS_ID, EMAIL, PHONE, "external:shop"]),
    st.sampled_from("abcd"),
)


@st.composite
def ties(draw: st.DrawFn) -> Tie:
    claims = draw(st.lists(names, min_size=1, max_size=4))
    users = [name for name in claims if name.kind == USER_ID]
    # An event has one user id; an alias has two and says that they are one.
    if len(set(users)) > 1 and draw(st.booleans()):
        return Tie(tuple(claims), "t", frozenset(users))
    kept = [name for name in claims if name.kind != USER_ID or name == users[0]]
    return Tie(tuple(kept), "t")


histories = st.lists(ties(), max_size=25)


def components(history: Sequence[Tie]) -> set[frozenset[Identifier]]:
    """Connected components by brute force."""
    found: list[set[Identifier]] = []
    for tie in history:
        touched = [group for group in found if group & set(tie.claims)]
        found = [group for group in found if group not in touched]
        found.append(set(tie.claims).union(*touched))
    return {frozenset(group) for group in found}


@given(histories, st.randoms())
def test_without_refusals_profiles_are_the_connected_components_in_any_order(history, random) -> None:
    shuffled = list(history)
    random.shuffle(shuffled)
    forward, mixed = graph(), graph()
    for tie in history:
        forward.resolve(tie)
    for tie in shuffled:
        mixed.resolve(tie)
    assume(not forward.refused and not mixed.refused)
    assert groups(forward) == groups(mixed) == components(history)


@given(histories)
def test_every_name_has_one_owner_and_none_is_lost(history) -> None:
    resolved = graph()
    for tie in history:
        resolved.resolve(tie)
    owned = [name for group in groups(resolved) for name in group]
    assert len(owned) == len(set(owned))
    claimed = {name for tie in history for name in tie.claims}
    refused = {refusal.name for refusal in resolved.refused if refusal.owner_id is None}
    assert claimed - refused <= set(owned) <= claimed


@given(histories)
def test_without_an_alias_nobody_has_two_user_ids(history) -> None:
    resolved = graph()
    for tie in history:
        resolved.resolve(Tie(tie.claims[:1] if tie.aliases else tie.claims, "t"))
    assert all(sum(name.kind == USER_ID for name in group) <= 1 for group in groups(resolved))


@given(histories)
def test_a_user_id_always_finds_the_same_profile_whatever_is_shared(history) -> None:
    resolved = graph()
    for tie in history:
        resolved.resolve(tie)
    for tie in history:
        found = resolved.survivor_of(resolved.resolve(tie))
        users = {name for name in tie.claims if name.kind == USER_ID}
        assert users <= resolved.names_of(found) or any(refusal.reason == "limit" for refusal in resolved.refused)


@given(histories, ties())
def test_a_tie_applied_again_changes_nothing(history, tie) -> None:
    resolved = graph()
    for earlier in history:
        resolved.resolve(earlier)
    first = resolved.resolve(tie)
    before, merges, attached = groups(resolved), len(resolved.merges), len(resolved.attachments)
    assert resolved.resolve(tie) == first
    assert (groups(resolved), len(resolved.merges), len(resolved.attachments)) == (before, merges, attached)


@given(histories, st.integers(0, 25))
def test_a_history_cut_into_batches_resolves_as_one(history, cut) -> None:
    whole = graph()
    for tie in history:
        whole.resolve(tie)
    first = graph()
    for tie in history[:cut]:
        first.resolve(tie)
    living = {first.survivor_of(identity.profile_id) for identity in first.created}
    second = graph([Identity(each, NOW, set(first.names_of(each))) for each in sorted(living)], prefix="q")
    for tie in history[cut:]:
        second.resolve(tie)
    ends = {second.survivor_of(each) for each in [*living, *(identity.profile_id for identity in second.created)]}
    assert {second.names_of(each) for each in ends} == groups(whole)


def test_two_users_who_share_a_device_stay_two() -> None:
    resolved = graph()
    jane = resolved.resolve(Tie((user("jane"), device("tablet")), "1"))
    john = resolved.resolve(Tie((user("john"), device("tablet")), "2"))
    assert jane != john
    assert resolved.resolve(Tie((device("tablet"),), "3")) == jane
    assert [(refusal.name, refusal.reason) for refusal in resolved.refused] == [(device("tablet"), "other_user")]


def test_an_alias_joins_two_users_but_not_a_third_whose_device_was_used() -> None:
    resolved = graph()
    for name in ("old", "new"):
        resolved.resolve(Tie((user(name),), name))
    third = resolved.resolve(Tie((user("third"), device("tablet")), "3"))
    joined = resolved.resolve(
        Tie((user("new"), user("old"), device("tablet")), "4", frozenset({user("new"), user("old")}))
    )
    assert resolved.names_of(joined) == {user("new"), user("old")}
    assert resolved.names_of(third) == {user("third"), device("tablet")}


def test_the_older_profile_survives() -> None:
    resolved = graph()
    anonymous = resolved.resolve(Tie((device("phone"),), "1"))
    known = resolved.resolve(Tie((user("jane"),), "2"))
    assert resolved.resolve(Tie((user("jane"), device("phone")), "3")) == anonymous
    assert resolved.survivor_of(known) == anonymous
    assert [(merge.merged_id, merge.names) for merge in resolved.merges] == [(known, {user("jane")})]


def test_a_name_beyond_its_limit_is_not_attached() -> None:
    resolved = graph(policy=MergePolicy(limits={**MergePolicy().limits, EMAIL: 2}))
    for number in range(4):
        resolved.resolve(Tie((user("jane"), address(f"{number}@example.com")), str(number)))
    assert {refusal.name for refusal in resolved.refused} == {address("2@example.com"), address("3@example.com")}


def test_a_profile_has_only_so_many_names_in_all() -> None:
    resolved = graph(policy=MergePolicy(most=3))
    systems = [Identifier(f"external:system{number}", "1") for number in range(4)]
    resolved.resolve(Tie((user("jane"), *systems), "1"))
    assert [(refusal.name, refusal.reason) for refusal in resolved.refused] == [(each, "limit") for each in systems[2:]]
    assert resolved.resolve(Tie((user("jane"), systems[0]), "2")) == resolved.resolve(Tie((user("jane"),), "3"))


def test_a_tie_without_names_is_refused() -> None:
    with pytest.raises(ValueError):
        graph().resolve(Tie((), "1"))
