"""How far the evaluation of a segment has come, and who waits for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from shared.sql import types

revision = 'b92d4e7a1c36'
down_revision = 'e27a90c4d518'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('segments', schema=None) as batch_op:
        batch_op.add_column(sa.Column('evaluated_to', sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column('asked', types.Json(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('segments', schema=None) as batch_op:
        batch_op.drop_column('asked')
        batch_op.drop_column('evaluated_to')
