"""Purchases with the refunds of unknown orders each in its currency; those not in the first one's were left out.

The segments are computed anew where that changed anybody's. Who keeps copies hears with the customer's next change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op
from shared.sql import types

revision = 'f4d2a6c8b913'
down_revision = 'b92d4e7a1c36'
branch_labels = None
depends_on = None

_orders = sa.table(
    'orders',
    sa.column('profile_id', sa.String()),
    sa.column('status', sa.String()),
    sa.column('currency', sa.String()),
    sa.column('refunds', types.Json()),
)
_profiles = sa.table('profiles', sa.column('profile_id', sa.String()), sa.column('purchases', types.Json()))
_segments = sa.table('segments', sa.column('state', sa.String()))


def upgrade() -> None:
    connection = op.get_bind()
    left_out: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in connection.execute(sa.select(_orders).where(_orders.c.status == 'unplaced')):
        for currency, amount in _others(row):
            left_out[row.profile_id][currency] += amount
    for profile_id, amounts in left_out.items():
        _take_off(connection, profile_id, amounts)
    if left_out:
        op.execute(sa.update(_segments).where(_segments.c.state == 'ready').values(state='computing'))


def downgrade() -> None:
    """The orders are as they were; what they add up to is made anew with the customer's next one."""


def _others(row: Any) -> Iterator[tuple[str, int]]:
    for _, currency, amount in row.refunds.values():
        if amount and currency != row.currency:
            yield currency, amount


def _take_off(connection: sa.Connection, profile_id: str, amounts: Mapping[str, int]) -> None:
    mine = _profiles.c.profile_id == profile_id
    purchases = connection.scalar(sa.select(_profiles.c.purchases).where(mine)) or {}
    spent = dict(purchases.get('spent_minor', {}))
    for currency, amount in amounts.items():
        spent[currency] = spent.get(currency, 0) - amount
    connection.execute(sa.update(_profiles).where(mine).values(purchases={**purchases, 'spent_minor': spent}))
