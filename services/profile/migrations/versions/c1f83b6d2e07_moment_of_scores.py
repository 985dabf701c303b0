"""The moment that a score looks at; none of scores from before, of which only the time of computing is known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from shared.sql import types

revision = 'c1f83b6d2e07'
down_revision = 'c3e1b07d5a18'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('scores', schema=None) as batch_op:
        batch_op.add_column(sa.Column('as_of', types.UtcDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('scores', schema=None) as batch_op:
        batch_op.drop_column('as_of')
