"""Replays of the past to an endpoint, and the deliveries that belong to one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from shared.sql import types

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('webhook_replays',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('endpoint_id', sa.String(length=36), nullable=False),
    sa.Column('owner', sa.String(length=100), nullable=False),
    sa.Column('since', types.UtcDateTime(), nullable=False),
    sa.Column('until', types.UtcDateTime(), nullable=False),
    sa.Column('event_types', types.Json(), nullable=False, comment='empty for those of the endpoint'),
    sa.Column('missing_only', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False, comment='running, done or canceled'),
    sa.Column('stretches', types.Json(), nullable=True, comment='start, place and end in each partition; none until the log was asked'),
    sa.Column('read', sa.BigInteger(), nullable=False, comment='facts of the time so far'),
    sa.Column('fed_at', types.UtcDateTime(), nullable=False, comment='when it had its last turn'),
    sa.Column('created_at', types.UtcDateTime(), nullable=False),
    sa.Column('finished_at', types.UtcDateTime(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_replays'))
    )
    op.create_index('ix_webhook_replays_endpoint_id', 'webhook_replays', ['endpoint_id'])
    op.create_index('ix_webhook_replays_state', 'webhook_replays', ['state'])
    op.add_column('webhook_deliveries', sa.Column('replay_id', sa.String(length=36), nullable=True, comment='the replay that asked for it last; live deliveries go before'))
    op.create_index('ix_webhook_deliveries_replay', 'webhook_deliveries', ['replay_id', 'state', 'due_at'],
        sqlite_where=sa.text('replay_id IS NOT NULL'), postgresql_where=sa.text('replay_id IS NOT NULL'))


def downgrade() -> None:
    op.drop_index('ix_webhook_deliveries_replay', 'webhook_deliveries')
    with op.batch_alter_table('webhook_deliveries', schema=None) as batch_op:
        batch_op.drop_column('replay_id')

    op.drop_table('webhook_replays')
