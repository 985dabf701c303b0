"""Which rule of retention counts for a touchpoint."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.events.domain.retention.policy import RetentionPolicy, Scope, Term

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_name_says_more_than_a_channel_and_a_channel_more_than_a_kind() -> None:
    scopes = [
        Scope(),
        Scope(kind="track"),
        Scope(channel="web"),
        Scope(kind="track", channel="web"),
        Scope(name="Order Completed"),
        Scope(kind="track", name="Order Completed"),
        Scope(name="Order Completed", channel="web"),
        Scope(kind="track", name="Order Completed", channel="web"),
    ]
    policy = RetentionPolicy(Term(scope, None) for scope in scopes)
    assert [term.scope for term in policy.terms] == scopes[::-1]


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        (Scope(), True),
        (Scope(kind="page"), True),
        (Scope(kind="track"), False),
        (Scope(kind="page", channel="web"), True),
        (Scope(name="Home"), False),
    ],
)
def test_what_a_scope_leaves_out_is_any(scope: Scope, covered: bool) -> None:
    assert scope.covers(kind="page", name=None, channel="web") is covered


def test_without_a_term_that_ends_nothing_is_ever_due() -> None:
    assert not RetentionPolicy([]).removes
    assert not RetentionPolicy([Term(Scope(), None)]).removes
    policy = RetentionPolicy([Term(Scope(), 30), Term(Scope(kind="page"), None)])
    assert policy.removes
    assert policy.cutoffs(NOW) == [(Scope(kind="page"), None), (Scope(), NOW - timedelta(days=30))]
