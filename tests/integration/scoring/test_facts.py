"""Facts on a real database: any order of arrival, any number of times, through every merge."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from services.scoring.adapters.sql.customers import read_customers
from services.scoring.bootstrap import Wiring
from services.scoring.use_cases.ports import Customer
from shared.contracts.contract import Contract
from shared.contracts.profile import Identifier, ProfileChangedV1, ProfilesMergedV1
from tests.integration.scoring.conftest import NOW, Say


def profile(profile_id: str, *subjects: str, version: int = 1) -> ProfileChangedV1:
    identifiers = tuple(Identifier(kind=kind, value=value) for kind, _, value in (s.partition(":") for s in subjects))
    return ProfileChangedV1(
        profile_id=profile_id, version=version, changed_at=NOW + timedelta(seconds=version), identifiers=identifiers
    )


def merged(loser: str, survivor: str) -> ProfilesMergedV1:
    return ProfilesMergedV1(profile_id=survivor, merged_profile_id=loser, merged_at=NOW)


def feed(wiring: Wiring, facts: Sequence[Contract], *, batch: int = 3) -> None:
    """As the bus would: touchpoints and profiles in batches, each in its own transaction."""
    for start in range(0, len(facts), batch):
        with wiring.database.transaction() as session:
            wiring.record(session, facts[start : start + batch])
            wiring.follow(session, facts[start : start + batch])


def customers(wiring: Wiring) -> dict[str | None, Customer]:
    with wiring.database.reading() as session:
        return {customer.profile_id: customer for customer in read_customers(session)}


@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_arrival_ends_in_the_same_customers(wiring: Wiring, say: Say, seed: int) -> None:
    facts: list[Contract] = [
        say("anonymous_id:phone", "o1", 1000, day=1),
        say("user_id:ann", "o1", 1100, day=1),
        say("user_id:ann", "o1", 400, day=9, status="refunded"),
        say("user_id:bob", "o2", 500, day=2),
        say("user_id:bob", "o3", 700, day=3),
        say("user_id:bob", "o3", None, day=4, status="cancelled"),
        say("anonymous_id:kiosk", "o4", 50, day=5),
        profile("p1", "user_id:ann"),
        profile("p2", "anonymous_id:phone"),
        profile("p3", "user_id:bob"),
        profile("p4", "anonymous_id:kiosk"),
        merged("p2", "p1"),
        merged("p1", "p5"),
        profile("p5", "email:ann@example.com", "user_id:ann", "anonymous_id:phone", version=3),
    ]
    random.Random(seed).shuffle(facts)
    feed(wiring, facts)
    feed(wiring, facts)  # and all of it again
    found = customers(wiring)
    assert set(found) == {"p5", "p3", "p4"}
    assert [(p.order_id, p.gross_minor, p.refunded_minor) for p in found["p5"].account.purchases] == [("o1", 1100, 400)]
    assert [p.order_id for p in found["p3"].account.purchases] == ["o2"]
    assert {key: customer.identified for key, customer in found.items()} == {"p5": True, "p3": True, "p4": False}


def test_two_customers_may_use_the_same_order_number(wiring: Wiring, say: Say) -> None:
    feed(wiring, [say("user_id:ann", "1", 100), say("user_id:bob", "1", 900)])
    with wiring.database.reading() as session:
        sums = sorted(c.account.net_minor("GBP") for c in read_customers(session))
    assert sums == [100, 900]


def test_merges_in_a_circle_and_of_unknown_profiles_do_no_harm(wiring: Wiring, say: Say) -> None:
    feed(wiring, [merged("a", "b"), merged("b", "a"), merged("c", "c"), say("user_id:ann", "o1", 100)])
    feed(wiring, [profile("a", "user_id:ann")])
    assert set(customers(wiring)) == {"b"}


def test_what_was_not_yet_done_is_not_seen(wiring: Wiring, say: Say) -> None:
    feed(wiring, [say("user_id:ann", "o1", 100, day=10), say("user_id:ann", "o1", 100, day=50, status="refunded")])
    with wiring.storage.customers(until=NOW - timedelta(days=180)) as found:
        (customer,) = found
    assert customer.account.net_minor("GBP") == 100


def test_an_order_without_any_amount_is_kept_and_counts_for_nothing(wiring: Wiring, say: Say) -> None:
    feed(wiring, [say("user_id:ann", "o1", None, lines=())])
    with wiring.database.reading() as session:
        assert [c.account.purchases for c in read_customers(session)] == [()]


def test_what_a_program_ordered_is_no_purchase(wiring: Wiring, say: Say) -> None:
    robot = replace(say("user_id:ann", "o2", 5000, day=2), is_bot=True)
    feed(wiring, [say("user_id:ann", "o1", 1000, day=1), robot, profile("p1", "user_id:ann")])
    assert [purchase.order_id for purchase in customers(wiring)["p1"].account.purchases] == ["o1"]
