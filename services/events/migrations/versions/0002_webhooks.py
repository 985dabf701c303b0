"""Endpoints of partners, what they are told, and how it goes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from shared.sql import types

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('webhook_attempts',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('delivery_id', sa.String(length=36), nullable=False),
    sa.Column('at', types.UtcDateTime(), nullable=False),
    sa.Column('duration_ms', sa.Integer(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True, comment='HTTP status; none where there was no answer'),
    sa.Column('error', sa.String(length=300), nullable=True),
    sa.Column('excerpt', sa.Text(), nullable=False, comment="how the answer's body begins"),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_attempts'))
    )
    with op.batch_alter_table('webhook_attempts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_webhook_attempts_delivery_id'), ['delivery_id'], unique=False)

    op.create_table('webhook_deliveries',
    sa.Column('id', sa.String(length=36), nullable=False, comment='webhook-id of every attempt'),
    sa.Column('endpoint_id', sa.String(length=36), nullable=False),
    sa.Column('owner', sa.String(length=100), nullable=False),
    sa.Column('message_id', sa.String(length=36), nullable=False),
    sa.Column('event_type', sa.String(length=100), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False, comment='pending, delivered, failed or canceled'),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('step', sa.Integer(), nullable=False, comment='place in the schedule; begins anew when it is sent again'),
    sa.Column('due_at', types.UtcDateTime(), nullable=False),
    sa.Column('created_at', types.UtcDateTime(), nullable=False),
    sa.Column('finished_at', types.UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_deliveries'))
    )
    with op.batch_alter_table('webhook_deliveries', schema=None) as batch_op:
        batch_op.create_index('ix_webhook_deliveries_lane', ['endpoint_id', 'state', 'due_at', 'id'], unique=False)
        batch_op.create_index('ix_webhook_deliveries_listing', ['endpoint_id', 'id'], unique=False)

    op.create_table('webhook_endpoints',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('owner', sa.String(length=100), nullable=False, comment='id of the API key that made it'),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('description', sa.String(length=500), nullable=False),
    sa.Column('event_types', types.Json(), nullable=False, comment='empty for every event'),
    sa.Column('concurrency', sa.Integer(), nullable=False),
    sa.Column('secrets', types.Json(), nullable=False, comment='whsec_ texts, the current one first'),
    sa.Column('created_at', types.UtcDateTime(), nullable=False),
    sa.Column('updated_at', types.UtcDateTime(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('disabled_at', types.UtcDateTime(), nullable=True),
    sa.Column('disabled_reason', sa.String(length=300), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_endpoints'))
    )
    with op.batch_alter_table('webhook_endpoints', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_webhook_endpoints_owner'), ['owner'], unique=False)

    op.create_table('webhook_lanes',
    sa.Column('endpoint_id', sa.String(length=36), nullable=False),
    sa.Column('next_due_at', types.UtcDateTime(), nullable=True, comment='when its earliest delivery is due; none where none waits'),
    sa.Column('paused_until', types.UtcDateTime(), nullable=True, comment='it asked for less, or was out of reach'),
    sa.Column('held_by', sa.String(length=36), nullable=True),
    sa.Column('held_until', types.UtcDateTime(), nullable=True, comment="by the database's clock"),
    sa.Column('failures', sa.Integer(), nullable=False, comment='attempts in a row that found it out of reach'),
    sa.Column('failing_since', types.UtcDateTime(), nullable=True, comment='the first failure since the last success'),
    sa.PrimaryKeyConstraint('endpoint_id', name=op.f('pk_webhook_lanes'))
    )
    with op.batch_alter_table('webhook_lanes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_webhook_lanes_next_due_at'), ['next_due_at'], unique=False)

    op.create_table('webhook_messages',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False, comment='as it is sent, to every endpoint the same'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_messages'))
    )


def downgrade() -> None:
    op.drop_table('webhook_messages')
    with op.batch_alter_table('webhook_lanes', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_webhook_lanes_next_due_at'))

    op.drop_table('webhook_lanes')
    with op.batch_alter_table('webhook_endpoints', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_webhook_endpoints_owner'))

    op.drop_table('webhook_endpoints')
    with op.batch_alter_table('webhook_deliveries', schema=None) as batch_op:
        batch_op.drop_index('ix_webhook_deliveries_listing')
        batch_op.drop_index('ix_webhook_deliveries_lane')

    op.drop_table('webhook_deliveries')
    with op.batch_alter_table('webhook_attempts', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_webhook_attempts_delivery_id'))

    op.drop_table('webhook_attempts')
