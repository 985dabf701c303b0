"""Touchpoints are kept for as long as the most specific rule says, and then they are gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import delete, select, text

from services.events.adapters.sql.retention.due_touchpoints import SqlDueTouchpoints, SqlRetentionPreview
from services.events.adapters.sql.retention.partitions import partitions_of
from services.events.adapters.sql.retention.rules import SqlRetentionRules
from services.events.adapters.sql.retention.tables import removed_touchpoints, retention_rules
from services.events.adapters.sql.tables import seen_messages, touchpoints
from services.events.bootstrap import Wiring
from services.events.domain.retention.policy import RetentionPolicy, Scope, Term
from services.events.settings import EventsSettings
from services.events.use_cases.retention.apply_retention import apply_retention
from services.events.use_cases.retention.keep_retention import create_retention_rule
from shared.clock import utc_now
from shared.contracts.events import TouchpointRecordedV1
from shared.ids import first_id_at
from tests.integration.events.store import keep, touchpoint
from tests.integration.events.suite import Events, events_service, wait_until

NOW = datetime.now(UTC).replace(microsecond=0) + timedelta(days=400)
"""In the future, so that the months from the migration on are partitions that are over."""
KINDS, NAMES, CHANNELS = ("track", "page"), ("A", "B"), ("web", "store")
Rules = dict[tuple[str | None, str | None, str | None], int | None]


@pytest.fixture
def wiring(settings: EventsSettings) -> Iterator[Wiring]:
    made = Wiring(settings, clock=lambda: NOW)
    made.storage.partitions.make_ahead(NOW)
    yield made
    made.database.dispose()


def make_again(wiring: Wiring) -> None:
    """Make the months that another example's sweep has dropped."""
    if wiring.database.dialect != "postgresql":
        return
    month = (datetime.now(UTC).replace(day=1) + timedelta(days=32)).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    while month <= NOW:
        after = (month + timedelta(days=32)).replace(day=1)
        bounds = f"FROM ('{first_id_at(month)}') TO ('{first_id_at(after)}')"
        with wiring.database.transaction() as session:
            session.execute(
                text(
                    f"CREATE TABLE IF NOT EXISTS touchpoints_{month:%Y_%m} PARTITION OF touchpoints FOR VALUES {bounds}"
                )
            )
        month = after


def set_rules(wiring: Wiring, rules: Rules) -> None:
    with wiring.database.transaction() as session:
        session.execute(delete(retention_rules))
        for (kind, name, channel), days in rules.items():
            scope: Any = Scope(kind=kind, name=name, channel=channel)  # type: ignore[arg-type]
            create_retention_rule(SqlRetentionRules(session), Term(scope, days), clock=utc_now)


def kept(wiring: Wiring) -> set[str]:
    with wiring.database.reading() as session:
        return set(session.scalars(select(touchpoints.c.id)))


def sweep(wiring: Wiring, *, judged: int = 3, steps: int = 10_000) -> Counter[str]:
    """What one sweep removed; it is broken off after so many steps."""
    removed: Counter[str] = Counter()
    left = iter(range(steps))
    apply_retention(
        SqlDueTouchpoints(wiring.database, judged=judged),
        clock=lambda: NOW,
        may_go_on=lambda: next(left, None) is not None,
        removed=lambda kinds, _: removed.update(kinds),
    )
    return removed


def is_kept(one: TouchpointRecordedV1, rules: Rules) -> bool:
    """The reference: each possible rule is asked for by name, the most specific first."""
    for name, channel, kind in (
        (one.name, one.channel, one.kind),
        (one.name, one.channel, None),
        (one.name, None, one.kind),
        (one.name, None, None),
        (None, one.channel, one.kind),
        (None, one.channel, None),
        (None, None, one.kind),
        (None, None, None),
    ):
        if (kind, name, channel) in rules:
            days = rules[kind, name, channel]
            return days is None or one.occurred_at >= NOW - timedelta(days=days)
    return True


contacts = st.builds(
    lambda age, late, kind, name, channel: touchpoint(
        NOW - timedelta(days=age), recorded=NOW - timedelta(days=age * late), kind=kind, name=name, channel=channel
    ),
    st.integers(0, 600),
    st.sampled_from((1, 1, 1, 0)),
    st.sampled_from(KINDS),
    st.sampled_from((*NAMES, None)),
    st.sampled_from((*CHANNELS, None)),
)
rule_sets = st.dictionaries(
    st.tuples(st.sampled_from((*KINDS, None)), st.sampled_from((*NAMES, None)), st.sampled_from((*CHANNELS, None))),
    st.one_of(st.none(), st.integers(1, 500)),
    max_size=6,
)


@examples(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(contacts, max_size=30), rule_sets)
def test_what_remains_is_what_the_rules_keep(wiring: Wiring, stored: list[TouchpointRecordedV1], rules: Rules) -> None:
    with wiring.database.transaction() as session:
        for table in (touchpoints, seen_messages, removed_touchpoints):
            session.execute(delete(table))
    make_again(wiring)
    keep(wiring.database, stored)
    set_rules(wiring, rules)
    due = Counter(one.kind for one in stored if not is_kept(one, rules))
    with wiring.database.reading() as session:
        policy = SqlRetentionRules(session).policy()
        assert sum(SqlRetentionPreview(session).count_due(policy, NOW)) == due.total()
    assert sweep(wiring) == due
    assert kept(wiring) == {one.touchpoint_id for one in stored if is_kept(one, rules)}
    with wiring.database.reading() as session:
        counted = {row.kind: row.touchpoints for row in session.execute(select(removed_touchpoints))}
    assert counted == due
    assert sweep(wiring) == {}


def test_a_sweep_goes_on_where_it_was_broken_off(wiring: Wiring) -> None:
    keep(wiring.database, [touchpoint(NOW - timedelta(days=9, minutes=n), recorded=NOW) for n in range(20)])
    set_rules(wiring, {(None, None, None): 5})
    assert sweep(wiring, steps=2).total() == 6
    assert sweep(wiring, steps=3).total() == 9
    set_rules(wiring, {(None, None, None): None})
    assert sweep(wiring).total() == 0
    set_rules(wiring, {(None, None, None): 5})
    assert sweep(wiring).total() == 5
    assert kept(wiring) == set()


@pytest.mark.services
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_month_in_which_everything_is_due_goes_as_a_whole(wiring: Wiring) -> None:
    month = (NOW - timedelta(days=200)).replace(day=10)
    name, other = f"touchpoints_{month:%Y_%m}", (month + timedelta(days=31)).replace(day=10)
    keep(wiring.database, [touchpoint(month, kind=kind) for kind in ("track", "track", "page")])
    keep(wiring.database, [touchpoint(other), touchpoint(other, channel="store"), touchpoint(NOW)])
    keep(wiring.database, [touchpoint(month - timedelta(days=300))])
    set_rules(wiring, {(None, None, None): 30, (None, None, "store"): None})
    dropped = SqlDueTouchpoints(wiring.database).drop_wholly_due(NOW)
    assert dropped[name] == {"track": 2, "page": 1}
    assert dropped["touchpoints_before"] == {"track": 1}
    with wiring.database.reading() as session:
        left = partitions_of(session, "touchpoints")
    assert name not in left
    assert {"touchpoints_before", f"touchpoints_{other:%Y_%m}", f"touchpoints_{NOW:%Y_%m}"} <= set(left)
    assert len(kept(wiring)) == 3
    assert wiring.storage.partitions.make_ahead(NOW) == []


@pytest.fixture
def service(settings: EventsSettings) -> Iterator[Events]:
    with events_service(settings.model_copy(update={"retention_every_s": 0.1})) as events:
        yield events


def test_rules_are_kept_over_the_api_and_applied_by_the_worker(service: Events) -> None:
    http, headers = service.http, service.read
    old, new = datetime.now(UTC) - timedelta(days=100), datetime.now(UTC) - timedelta(days=1)
    calls = [
        {"type": kind, "userId": "u", "event": "Viewed", "messageId": f"{kind}-{n}", "timestamp": moment.isoformat()}
        for kind in ("page", "track")
        for n, moment in enumerate((old, new))
    ]
    service.send("/v1/batch", {"batch": calls})
    service.wait_for(4)
    (gone,) = service.by_message("page-0")
    body = {"kind": "page", "days": 90}
    looked = http.post("/v1/retention/preview", json={"rules": [body, {"days": 3650}]}, headers=headers).json()
    assert (looked["due"], [rule["due"] for rule in looked["rules"]]) == (1, [1, 0])
    made = http.post("/v1/retention/rules", json=body, headers=headers)
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    rule = f"/v1/retention/rules/{made.json()['id']}"
    assert http.post("/v1/retention/rules", json=body, headers=headers).json()["code"] == "retention_scope_taken"
    assert wait_until(service.summary, lambda seen: seen["removed"])["removed"] == {"page": 1}
    assert http.get(f"/v1/touchpoints/{gone['touchpoint_id']}", headers=headers).status_code == 404
    assert service.by_message("page-0") == []
    assert len(service.by_message("track-0")) == 1
    changed = http.put(rule, json={"days": None}, headers={**headers, "If-Match": '"1"'})
    assert (changed.json()["days"], changed.headers["etag"]) == (None, '"2"')
    late = http.put(rule, json={"days": 1}, headers={**headers, "If-Match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (412, "version_conflict")
    assert http.get(rule, headers=headers).json()["version"] == 2
    assert [one["days"] for one in http.get("/v1/retention/rules", headers=headers).json()] == [None]
    assert http.delete(rule, headers=headers).status_code == 204
    assert http.get(rule, headers=headers).json()["code"] == "retention_rule_not_found"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"days": 0}, 422),
        ({"days": 36_501}, 422),
        ({"days": "30"}, 422),
        ({"kind": "visit", "days": 30}, 422),
        ({"name": " ", "days": 30}, 422),
        ({"kind": "identify", "name": "Order Completed", "days": 30}, 422),
        ({"days": 30, "until": "2030"}, 422),
    ],
)
def test_bad_rules_are_told_so(gate: Events, body: dict[str, Any], status: int) -> None:
    answer = gate.http.post("/v1/retention/rules", json=body, headers=gate.read)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_rule_that_would_be_of_nothing_is_refused_where_it_is(gate: Events) -> None:
    rule = {"kind": "group", "name": "Acme", "days": 1}
    for path, body, where in (("rules", rule, "/name"), ("preview", {"rules": [{"days": 1}, rule]}, "/rules/1/name")):
        answer = gate.post(f"/v1/retention/{path}", json=body)
        assert (answer.status_code, [each["where"] for each in answer.json()["errors"]]) == (422, [where])


def test_there_is_an_end_to_rules(gate: Events) -> None:
    for n in range(200):
        gate.http.post("/v1/retention/rules", json={"name": f"e{n}", "days": 1}, headers=gate.read)
    answer = gate.http.post("/v1/retention/rules", json={"days": 1}, headers=gate.read)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_retention_rules")


def test_rules_need_their_scopes(gate: Events) -> None:
    keys = {
        scope: gate.http.post("/v1/api-keys", json={"name": scope, "scopes": [scope]}, headers=gate.read).json()["key"]
        for scope in ("retention:read", "touchpoints:read")
    }
    reader, other = ({"Authorization": f"Bearer {key}"} for key in keys.values())
    assert gate.http.get("/v1/retention/rules", headers=reader).status_code == 200
    assert gate.http.post("/v1/retention/rules", json={"days": 1}, headers=reader).status_code == 403
    assert gate.http.get("/v1/retention/rules", headers=other).status_code == 403


def test_a_policy_of_no_rules_previews_nothing(wiring: Wiring) -> None:
    with wiring.database.reading() as session:
        assert SqlRetentionPreview(session).count_due(RetentionPolicy([]), NOW) == []
