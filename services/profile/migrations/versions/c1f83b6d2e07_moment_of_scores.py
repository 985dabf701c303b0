"""The moment that a score looks at.

Of scores from before, only the time of computing is known. No score looks at a later moment than that, so a look at the
past cannot replace them, and the next ordinary run does.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from shared.sql import types

revision = 'c1f83b6d2e07'
down_revision = 'c3e1b07d5a18'
branch_labels = None
depends_on = None

_scores = sa.table('scores', sa.column('as_of', types.UtcDateTime()), sa.column('computed_at', types.UtcDateTime()))


def upgrade() -> None:
    with op.batch_alter_table('scores', schema=None) as batch_op:
        batch_op.add_column(sa.Column('as_of', types.UtcDateTime(), nullable=True))
    op.execute(sa.update(_scores).values(as_of=_scores.c.computed_at))
    with op.batch_alter_table('scores', schema=None) as batch_op:
        batch_op.alter_column('as_of', existing_type=types.UtcDateTime(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table('scores', schema=None) as batch_op:
        batch_op.drop_column('as_of')
