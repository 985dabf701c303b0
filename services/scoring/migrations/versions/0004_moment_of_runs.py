"""The moment that a run looks at, as a column to sort by; the settings of every run have it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from shared.sql import types

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

_runs = sa.table(
    'score_runs', sa.column('id', sa.String()), sa.column('settings', types.Json()), sa.column('as_of', types.UtcDateTime())
)


def upgrade() -> None:
    with op.batch_alter_table('score_runs', schema=None) as batch_op:
        batch_op.add_column(sa.Column('as_of', types.UtcDateTime(), nullable=True, comment='of the settings, to be sorted by'))
    connection = op.get_bind()
    for row in connection.execute(sa.select(_runs.c.id, _runs.c.settings)).all():
        as_of = datetime.fromisoformat(row.settings['as_of'])
        connection.execute(sa.update(_runs).where(_runs.c.id == row.id).values(as_of=as_of))


def downgrade() -> None:
    with op.batch_alter_table('score_runs', schema=None) as batch_op:
        batch_op.drop_column('as_of')
