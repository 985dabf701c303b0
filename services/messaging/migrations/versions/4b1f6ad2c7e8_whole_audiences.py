"""What campaigns wait for before their audience is taken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from shared.sql import types

revision = '4b1f6ad2c7e8'
down_revision = '7be2417ac0d3'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('audience_parts',
    sa.Column('audience_id', sa.String(length=36), nullable=False),
    sa.Column('partition', sa.Integer(), nullable=False),
    sa.Column('partitions', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('audience_id', 'partition', name=op.f('pk_audience_parts'))
    )
    with op.batch_alter_table('campaigns', schema=None) as batch_op:
        batch_op.add_column(sa.Column('audience_id', sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column('audience_whole_at', types.UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('failure', sa.String(length=200), nullable=True))
        batch_op.create_index(batch_op.f('ix_campaigns_audience_id'), ['audience_id'], unique=False)
    # Where a part of the audience is written to already, the rest is too.
    op.execute("UPDATE campaigns SET audience_whole_at = launched_at WHERE audience_cursor <> ''")


def downgrade() -> None:
    with op.batch_alter_table('campaigns', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_campaigns_audience_id'))
        batch_op.drop_column('failure')
        batch_op.drop_column('audience_whole_at')
        batch_op.drop_column('audience_id')

    op.drop_table('audience_parts')
