"""The SQL of segments says what the reference says, on both databases, whatever the definition."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.profile.adapters.sql.orders import SqlOrders
from services.profile.adapters.sql.scores import SqlScores
from services.profile.adapters.sql.segments import SqlSegments
from services.profile.api.schemas.segments import SegmentDraft
from services.profile.bootstrap import Wiring
from services.profile.domain.scores import Score
from services.profile.domain.segments.evaluation import Customer, holds
from services.profile.domain.segments.reading import read_condition
from services.profile.domain.terms import trait_term

from .scenes import START, bought, everybody, feed, touchpoint

NOW = START + timedelta(days=10)
TEXTS = ["", "Taipei", "taipei", "台北", "it's; --", "%", "2025-12-31", "2026-01-05T10:00:00+08:00", "x" * 600]
TEXTS += ["Orl\u00e9ans", "Orle\u0301ans", "\u0301", "Jane@B\u00fccher.example", "jane@xn--bcher-kva.example"]
VALUES: list[Any] = [
    *TEXTS,
    ["Orle\u0301ans", "\u0301e"],
    0,
    1,
    -2.5,
    10**30,
    True,
    False,
    ["red", 1, True],
    ["red"],
    [],
    {"deep": 1},
]
SCALARS: list[Any] = [*(text[:500] for text in TEXTS), "red", 0, 1, -2.5, 7.0, True, False]
MOMENTS = ["2025-12-31", "2026-01-05", "2026-01-06T00:00:00Z", "2026-01-11"]


@pytest.fixture
def peopled(wiring: Wiring) -> tuple[Wiring, dict[str, Customer]]:
    """Customers with every kind of trait, order and score, and the same as the reference sees them."""
    touchpoints = []
    for place, value in enumerate(VALUES):
        who = f"u{place}"
        touchpoints.append(
            touchpoint("identify", user_id=who, traits={"a": value, "b": VALUES[-place - 1], "email": value})
        )
        for number in range(place % 4):
            status = ("completed", "completed", "refunded", "cancelled")[(place + number) % 4]
            order = bought(
                f"{who}-{number}", place * 50 * number, currency="TWD" if place % 2 else "GBP", status=status
            )
            touchpoints.append(touchpoint(user_id=who, hours=24 * number + 12 * place, order=order))
        for currency in ("TWD", "GBP", "GBP")[: place % 4]:
            refund = bought(f"{who}-unknown", 100, currency=currency, status="refunded")
            touchpoints.append(touchpoint(user_id=who, hours=place, order=refund))
    feed(wiring, *touchpoints)
    people = everybody(wiring)
    with wiring.database.transaction() as session:
        scores = [
            Score(
                profile_id=whole.profile.profile_id,
                model="rfm",
                value=float(place - 3),
                label="AB"[place % 2] if place % 3 else None,
                values={"recency_days": place, "lapsing": place % 2 == 0, "nothing": None},
                as_of=NOW,
                computed_at=NOW,
            )
            for place, whole in enumerate(people[1:])
        ]
        SqlScores(session).save(scores)
        orders = SqlOrders(session).of([whole.profile.profile_id for whole in people])
    figures = {score.profile_id: {("rfm", name): t for name, t in score.figures().items()} for score in scores}
    return (
        wiring,
        {
            whole.profile.profile_id: Customer(
                traits={trait.key: trait_term(trait.key, trait.value) for trait in whole.traits},
                orders=[record for (owner, _), record in orders.items() if owner == whole.profile.profile_id],
                figures=figures.get(whole.profile.profile_id, {}),
            )
            for whole in people
        },
    )


numbers = st.sampled_from([0, 1, -2.5, 7, 10.5, 10**15])
scalars = st.sampled_from(SCALARS)


def _comparisons(operators: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        st.fixed_dictionaries({"operator": st.sampled_from(["equals", "not_equals"]), "value": scalars}),
        st.fixed_dictionaries({"operator": st.just("in"), "value": st.lists(scalars, min_size=1, max_size=4)}),
        st.fixed_dictionaries({"operator": st.just("exists")}),
        st.fixed_dictionaries({"operator": st.sampled_from(["gt", "gte", "lt", "lte"]), "value": numbers}),
        *(
            [
                st.fixed_dictionaries({"operator": st.just("contains"), "value": scalars}),
                st.fixed_dictionaries(
                    {"operator": st.sampled_from(["before", "after"]), "value": st.sampled_from(MOMENTS)}
                ),
                st.fixed_dictionaries({"operator": st.just("within_days"), "value": st.sampled_from([0, 5, 11, 0.5])}),
            ]
            if "contains" in operators
            else []
        ),
    )


days = st.sampled_from([0, 0.5, 3, 9, 365])
as_of = st.sampled_from([{}, {"as_of": "2026-01-04"}, {"as_of": "2026-01-04T06:00:00Z"}])
periods = st.one_of(
    as_of,
    st.tuples(days, as_of).map(lambda pair: {"within_days": pair[0], **pair[1]}),
    st.just({"between": {"from": "2026-01-02", "to": "2026-01-04"}}),
    st.just({"between": {"from": "2026-01-02", "to": "2026-01-04"}, "within_days": 9, "as_of": "2026-01-03"}),
    st.just({"between": {"from": "2026-01-04", "to": "2026-01-02"}}),
)
traits = st.tuples(st.sampled_from(["a", "b", "c", "a'--", "email"]), _comparisons(["contains"])).map(
    lambda pair: {"type": "trait", "key": pair[0], **pair[1]}
)
scored = st.tuples(
    st.sampled_from(["rfm", "other"]), st.sampled_from(["value", "label", "recency_days", "lapsing"]), _comparisons([])
).map(lambda three: {"type": "score", "model": three[0], "field": three[1], **three[2]})
purchases = st.tuples(
    st.sampled_from(["orders", "refunds", "spent", "average_order"]),
    st.sampled_from(["equals", "not_equals", "gt", "gte", "lt", "lte"]),
    st.sampled_from([0, 1, 2, -100, 250, 10**12]),
    st.sampled_from(["TWD", "GBP"]),
    st.booleans(),
    periods,
).map(
    lambda six: {
        "type": "purchases",
        "measure": six[0],
        "operator": six[1],
        "value": six[2],
        **({"currency": six[3]} if six[4] or six[0] in ("spent", "average_order") else {}),
        **six[5],
    }
)
last = st.tuples(st.none() | days, st.none() | days, as_of).map(
    lambda three: {"type": "last_purchase", "within_days": three[0], "more_than_days_ago": three[1], **three[2]}
)
definitions = st.recursive(
    st.one_of(traits, scored, purchases, last),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=3)).map(
            lambda pair: {"type": pair[0], "conditions": pair[1]}
        ),
        inner.map(lambda condition: {"type": "not", "condition": condition}),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(definition=definitions)
def test_sql_and_reference_agree(peopled: tuple[Wiring, dict[str, Customer]], definition: dict[str, Any]) -> None:
    wiring, customers = peopled
    draft = SegmentDraft.model_validate({"name": "s", "definition": definition}).draft()
    condition = read_condition(draft.definition)
    with wiring.database.reading() as session:
        found = SqlSegments(session).matching(condition, NOW)
        some = sorted(customers)[::3]
        among = SqlSegments(session).matching(condition, NOW, among=some)
    expected = {profile_id for profile_id, customer in customers.items() if holds(condition, customer, NOW)}
    assert found == expected
    assert among == expected & set(some)


def test_names_from_a_definition_never_become_sql(wiring: Wiring) -> None:
    with wiring.database.transaction() as session:
        work = wiring.work(session)
        hostile = "x') OR 1=1; DROP TABLE traits; --"
        condition = read_condition({"type": "trait", "key": hostile, "operator": "equals", "value": hostile})
        assert work.segments.matching(condition, datetime(2026, 1, 1, tzinfo=UTC)) == set()
        assert work.traits.current(["nobody"]) == {}
