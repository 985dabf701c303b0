"""What is left of erased names, and when statements about orders were received."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from shared.sql import types

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('erased_names',
    sa.Column('name_hash', sa.String(length=32), nullable=False),
    sa.Column('erasure_id', sa.String(length=36), nullable=False),
    sa.Column('erased_at', types.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('name_hash', name=op.f('pk_erased_names'))
    )
    with op.batch_alter_table('erased_names', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_erased_names_erased_at'), ['erased_at'], unique=False)

    with op.batch_alter_table('order_statements', schema=None) as batch_op:
        batch_op.add_column(sa.Column('received_at', types.UtcDateTime(), nullable=True, comment='none of statements from before it was noted'))


def downgrade() -> None:
    with op.batch_alter_table('order_statements', schema=None) as batch_op:
        batch_op.drop_column('received_at')
    op.drop_table('erased_names')
