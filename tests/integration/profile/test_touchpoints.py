"""From touchpoints to profiles, and what is told of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from services.profile.adapters.sql.orders import SqlOrders
from services.profile.adapters.sql.profile_reading import ProfileReading
from services.profile.adapters.sql.segments import SqlSegments
from services.profile.adapters.sql.summary import summarise
from services.profile.adapters.sql.tables import merges
from services.profile.bootstrap import Wiring
from services.profile.domain.segments.conditions import PurchasesAre
from shared.contracts.events import Order, TouchpointRecordedV1
from shared.contracts.profile import ProfileChangedV1, ProfilesMergedV1
from tests.support.purchases import add_up

from .scenes import START, bought, clear, everybody, feed, known_as, of_type, told, touchpoint, values_of


def test_an_anonymous_buyer_who_signs_in_becomes_one_profile_with_everything(wiring: Wiring) -> None:
    feed(wiring, touchpoint(anonymous_id="tablet", order=bought("1", 300)))
    feed(wiring, touchpoint("identify", user_id="jane", traits={"city": "Taipei"}, hours=1))
    anonymous = known_as(wiring, "anonymous_id", "tablet").profile.profile_id
    user = known_as(wiring, "user_id", "jane").profile.profile_id
    facts = feed(
        wiring,
        touchpoint("identify", user_id="jane", anonymous_id="tablet", traits={"email": "J@X.com"}, hours=2),
        touchpoint(user_id="jane", order=bought("2", 500), hours=3),
    )
    jane = known_as(wiring, "email", "j@x.com")
    assert jane.profile.profile_id == anonymous
    assert list(jane.merged_from) == [user]
    assert values_of(jane) == {"city": "Taipei", "email": "J@X.com"}
    assert jane.profile.purchases.spent_minor == {"TWD": 800}
    assert [(fact.profile_id, fact.merged_profile_id) for fact in of_type(facts, ProfilesMergedV1)] == [
        (anonymous, user)
    ]
    (changed,) = of_type(facts, ProfileChangedV1)
    assert (changed.profile_id, changed.version) == (anonymous, 2)
    assert changed.purchases.orders == 2
    assert {name.kind for name in changed.identifiers} == {"user_id", "anonymous_id", "email"}


def test_a_large_number_is_told_as_it_came(wiring: Wiring) -> None:
    traits = {"points": 1e22, "nested": [{"a": -1e308}], "id": 2**63 - 1}
    feed(wiring, touchpoint("identify", user_id="jane", traits=traits))
    (fact,) = of_type(feed(wiring, touchpoint("identify", user_id="jane", traits={"city": "Taipei"})), ProfileChangedV1)
    shown = values_of(known_as(wiring, "user_id", "jane"))
    for values in (fact.traits, shown):
        assert repr({key: values[key] for key in traits}) == repr(traits)


def test_a_large_number_that_is_said_again_changes_nothing(wiring: Wiring) -> None:
    traits = {"points": 1e22, "nested": [{"a": 1e16}], "most": 1e308}
    feed(wiring, touchpoint("identify", user_id="jane", traits=traits))
    facts = feed(wiring, touchpoint("identify", user_id="jane", traits=traits, hours=1))
    assert of_type(facts, ProfileChangedV1) == []
    assert known_as(wiring, "user_id", "jane").profile.version == 1


def test_a_profile_that_outgrows_the_bus_is_told_without_its_longest_traits(wiring: Wiring) -> None:
    pages = {f"page{number}": str(number) * 30_000 for number in range(40)}
    spoken = {"city": "Taipei", "email": "jane@x.com"}
    for key, text in pages.items():
        feed(wiring, touchpoint("identify", user_id="jane", traits={key: text}))
    facts = feed(wiring, touchpoint("identify", user_id="jane", traits=spoken, hours=1))
    (changed,) = of_type(facts, ProfileChangedV1)
    assert spoken.items() <= changed.traits.items()
    assert len(spoken) < len(changed.traits) < len(pages)
    assert values_of(known_as(wiring, "user_id", "jane")) == spoken | pages


def test_an_order_is_cancelled_or_refunded_whole_by_its_id_alone(wiring: Wiring) -> None:
    for number, status in (("1", "cancelled"), ("2", "refunded"), ("3", "cancelled")):
        gone = Order(order_id=number, status=status, currency="")
        late = number == "3"  # told before the order itself
        feed(wiring, touchpoint(user_id="jane", order=gone if late else bought(number, 300), hours=1 if late else 0))
        feed(wiring, touchpoint(user_id="jane", order=bought(number, 300) if late else gone, hours=0 if late else 1))
    feed(wiring, touchpoint(user_id="jane", order=bought("4", 500), hours=2))
    purchases = known_as(wiring, "user_id", "jane").profile.purchases
    assert (purchases.orders, purchases.spent_minor) == (2, {"TWD": 500})


def test_a_merged_id_still_finds_the_profile_even_after_another_merge(wiring: Wiring) -> None:
    for step, kind in enumerate(("anonymous_id", "user_id")):
        feed(wiring, touchpoint(**{kind: f"x{step}"}))
    feed(wiring, touchpoint("identify", anonymous_id="z", traits={"email": "z@x.com"}))
    old = [known_as(wiring, *name).profile.profile_id for name in (("user_id", "x1"), ("anonymous_id", "z"))]
    feed(wiring, touchpoint("identify", user_id="x1", anonymous_id="z"))
    feed(wiring, touchpoint(user_id="x1", anonymous_id="x0"))
    survivor = known_as(wiring, "anonymous_id", "x0")
    with wiring.database.reading() as session:
        assert {ProfileReading(session).get(each).profile.profile_id for each in old} == {survivor.profile.profile_id}
    assert list(survivor.merged_from) == sorted(old)


def test_the_record_of_a_merge_says_what_came_from_whom(wiring: Wiring) -> None:
    feed(wiring, touchpoint("identify", anonymous_id="a", traits={"city": "Taipei"}))
    feed(wiring, touchpoint("identify", user_id="u", traits={"city": "Tainan"}, order=None))
    feed(wiring, touchpoint(anonymous_id="a", order=bought("1", 100)), touchpoint(user_id="u", order=bought("2", 100)))
    feed(wiring, touchpoint(user_id="u", order=bought("1", 150), hours=1))
    feed(wiring, touchpoint(user_id="u", anonymous_id="a"))
    with wiring.database.reading() as session:
        row = session.execute(select(merges)).one()
    assert row.contributed["identifiers"] == [{"kind": "user_id", "value": "u"}]
    assert [trait["value"] for trait in row.contributed["traits"]] == ["Tainan"]
    assert sorted(row.contributed["orders"]) == ["1", "2"]
    assert [shared["merged"]["placement"]["amount_minor"] for shared in row.contributed["shared_orders"]] == [150]
    assert known_as(wiring, "user_id", "u").profile.purchases.spent_minor == {"TWD": 250}


def test_nothing_is_told_when_nothing_changed(wiring: Wiring) -> None:
    seen = touchpoint("identify", user_id="u", traits={"city": "Taipei"}, order=bought("1", 100))
    assert len(feed(wiring, seen)) == 1
    assert feed(wiring, seen, touchpoint("page", user_id="u", hours=5)) == []
    assert known_as(wiring, "user_id", "u").profile.version == 1


def test_a_profile_is_told_once_a_batch_with_the_trace_that_led_to_it(wiring: Wiring) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    facts = feed(
        wiring,
        touchpoint("identify", user_id="u", traits={"a": 1}),
        touchpoint("identify", user_id="u", traits={"b": 2}, traceparent=trace),
    )
    assert [(fact.version, fact.traits, fact.traceparent) for fact in of_type(facts, ProfileChangedV1)] == [
        (1, {"a": 1, "b": 2}, trace)
    ]


def test_an_address_that_was_taken_back_is_told_until_one_is_stated_again(wiring: Wiring) -> None:
    def withdrawn_after(hours: float, *said: dict[str, Any], **names: str) -> list[bool]:
        calls = [touchpoint("identify", hours=hours, traits=traits, **names) for traits in said]
        return [fact.email_withdrawn for fact in of_type(feed(wiring, *calls), ProfileChangedV1)]

    assert withdrawn_after(1, {"email": "jane@x.com"}, user_id="jane") == [False]
    assert withdrawn_after(5, {"email": None}, user_id="jane") == [True]
    assert withdrawn_after(3, {"email": "late@x.com", "city": "Taipei"}, user_id="jane") == [True]
    assert withdrawn_after(7, {"email": "jane@x.com"}, user_id="jane") == [False]
    assert withdrawn_after(9, {"email": None}, anonymous_id="tablet") == [True]
    assert withdrawn_after(2, {}, user_id="jane", anonymous_id="tablet") == [True]
    assert known_as(wiring, "email", "jane@x.com") == known_as(wiring, "anonymous_id", "tablet")


def test_two_users_of_one_device_stay_two_and_it_is_told_in_the_summary(wiring: Wiring) -> None:
    feed(
        wiring,
        touchpoint("identify", user_id="jane", anonymous_id="tablet", traits={"email": "home@x.com"}),
        touchpoint("identify", user_id="john", anonymous_id="tablet", traits={"email": "home@x.com"}),
    )
    with wiring.database.reading() as session:
        totals = summarise(session)
    assert (totals["profiles"], totals["merges"], totals["refused_ties"]) == (2, 0, 2)
    assert values_of(known_as(wiring, "user_id", "john")) == {"email": "home@x.com"}


def test_a_null_trait_takes_back_and_a_late_statement_does_not_return_it(wiring: Wiring) -> None:
    feed(wiring, touchpoint("identify", user_id="u", traits={"city": "Taipei"}))
    feed(wiring, touchpoint("identify", user_id="u", traits={"city": None}, hours=2))
    feed(wiring, touchpoint("identify", user_id="u", traits={"city": "Tainan"}, hours=1))
    assert values_of(known_as(wiring, "user_id", "u")) == {}
    with wiring.database.reading() as session:
        reading = ProfileReading(session)
        whose = known_as(wiring, "user_id", "u").profile.profile_id
        history = reading.history(whose, key="city", before=None, limit=10)
    assert [statement.value for statement in history] == [None, "Tainan", "Taipei"]


PEOPLE = [
    {"user_id": "u1"},
    {"user_id": "u2"},
    {"anonymous_id": "d1"},
    {"anonymous_id": "d2"},
    {"user_id": "u1", "anonymous_id": "d1"},
    {"user_id": "u2", "anonymous_id": "d2"},
]


@st.composite
def touchpoints(draw: st.DrawFn) -> TouchpointRecordedV1:
    who = draw(st.sampled_from(PEOPLE))
    hours = draw(st.integers(0, 5))
    if draw(st.booleans()):
        traits: dict[str, Any] = {draw(st.sampled_from("ab")): draw(st.sampled_from([1, "x", None]))}
        return touchpoint("identify", hours=hours, traits=traits, **who)
    order = Order(
        # An order belongs to one customer; the same id at two people would be two orders.
        order_id=f"{who.get('user_id', 'u' + who.get('anonymous_id', '')[-1:])}-{draw(st.integers(1, 2))}",
        status=draw(st.sampled_from(["completed", "updated", "refunded", "cancelled"])),
        currency=draw(st.sampled_from(["TWD", "GBP"])),
        amount_minor=draw(st.integers(0, 900)),
    )
    return touchpoint(hours=hours, order=order, **who)


def _picture(wiring: Wiring) -> list[Any]:
    """Everything about everybody but their ids and versions."""
    return sorted(
        (
            [str(name) for name in whole.names],
            [(trait.key, trait.value, trait.touchpoint_id) for trait in whole.traits],
            repr(whole.profile.purchases),
            whole.profile.first_seen_at,
            whole.profile.last_seen_at,
        )
        for whole in everybody(wiring)
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(touchpoints(), min_size=1, max_size=14), cut=st.integers(0, 14), random=st.randoms())
def test_any_order_and_any_batches_give_the_same_profiles(
    wiring: Wiring, history: list[TouchpointRecordedV1], cut: int, random: Any
) -> None:
    pictures = []
    shuffled = list(history)
    random.shuffle(shuffled)
    for batches in ([history], [[each] for each in history], [shuffled[:cut], shuffled[cut:]]):
        for batch in filter(None, batches):
            feed(wiring, *batch)
        pictures.append(_picture(wiring))
        with wiring.database.transaction() as session:
            for whole in everybody(wiring):
                key = whole.profile.profile_id
                orders = SqlOrders(session).of([key])
                assert whole.profile.purchases == add_up(orders.values())
            clear(session)
    assert pictures[0] == pictures[1] == pictures[2]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(touchpoints(), min_size=1, max_size=12))
def test_a_reader_that_follows_the_facts_knows_what_the_database_knows(
    wiring: Wiring, history: list[TouchpointRecordedV1]
) -> None:
    state: dict[str, ProfileChangedV1] = {}
    gone: set[str] = set()
    for each in history:
        for fact in feed(wiring, each):
            if isinstance(fact, ProfilesMergedV1):
                gone.add(fact.merged_profile_id)
            elif isinstance(fact, ProfileChangedV1):
                assert fact.profile_id not in state or fact.version == state[fact.profile_id].version + 1
                state[fact.profile_id] = fact
    living = {key: fact for key, fact in state.items() if key not in gone}
    found = {whole.profile.profile_id: whole for whole in everybody(wiring)}
    assert {key: fact.version for key, fact in living.items()} == {
        key: whole.profile.version for key, whole in found.items()
    }
    assert {key: fact.traits for key, fact in living.items()} == {key: values_of(w) for key, w in found.items()}
    with wiring.database.transaction() as session:
        clear(session)


def test_which_of_two_orders_is_the_last_depends_on_no_language(wiring: Wiring) -> None:
    asked: list[str] = []
    event.listen(wiring.database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    feed(wiring, *(touchpoint(user_id="jane", order=bought(order_id, 100)) for order_id in ("a", "B")))
    assert known_as(wiring, "user_id", "jane").profile.purchases.last_order_id == "a"
    if wiring.database.dialect == "postgresql":  # whose own order may be that of a language; here it has none
        assert any('order_id COLLATE "C" DESC' in each for each in asked)


@pytest.mark.parametrize("value", ["0", " x ", "王小明", "a'; DROP TABLE profiles; --"])
def test_any_user_id_is_found_again(wiring: Wiring, value: str) -> None:
    feed(wiring, touchpoint(user_id=value))
    assert known_as(wiring, "user_id", value).profile.identified
    assert told(wiring) == []


def test_no_customer_spends_so_much_that_nothing_can_be_counted_any_more(wiring: Wiring) -> None:
    most = 9 * 10**18
    feed(wiring, *(touchpoint(user_id="croesus", order=bought(str(number), most)) for number in range(3)))
    feed(wiring, touchpoint(user_id="jane", order=bought("4", 100)))
    assert known_as(wiring, "user_id", "croesus").profile.purchases.spent_minor == {"TWD": 3 * most}
    assert known_as(wiring, "user_id", "jane").profile.purchases.spent_minor == {"TWD": 100}
    with wiring.database.reading() as session:
        rich = PurchasesAre("spent", "gt", 10**12, currency="TWD")
        assert summarise(session)["orders"]["spent_minor"]["TWD"] == pytest.approx(3 * most)
        assert len(SqlSegments(session).matching(rich, START)) == 1
