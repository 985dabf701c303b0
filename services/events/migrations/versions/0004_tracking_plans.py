"""What sources are expected to send, how often they do not, and calls held back for that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from shared.sql import types

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('quarantine',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('message_hash', sa.LargeBinary(), nullable=False),
    sa.Column('source_id', sa.String(length=36), nullable=False),
    sa.Column('message_id', sa.String(length=500), nullable=False),
    sa.Column('subject', sa.String(length=300), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('event', sa.String(length=500), nullable=True),
    sa.Column('received_at', types.UtcDateTime(), nullable=False),
    sa.Column('held_at', types.UtcDateTime(), nullable=False),
    sa.Column('original', sa.LargeBinary(), nullable=False, comment='JSON of the call as it was blocked'),
    sa.Column('call', sa.LargeBinary(), nullable=False, comment='JSON of the call as it stands corrected'),
    sa.Column('breaches', types.Json(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False, comment='held, replaying or replayed'),
    sa.Column('corrected_at', types.UtcDateTime(), nullable=True),
    sa.Column('touchpoint_id', sa.String(length=36), nullable=True, comment='what became of it'),
    sa.Column('traceparent', sa.String(length=60), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quarantine')),
    sa.UniqueConstraint('message_hash', name=op.f('uq_quarantine_message_hash'))
    )
    with op.batch_alter_table('quarantine', schema=None) as batch_op:
        batch_op.create_index('ix_quarantine_event', ['event', 'id'], unique=False)
        batch_op.create_index('ix_quarantine_source', ['source_id', 'id'], unique=False)
        batch_op.create_index('ix_quarantine_state', ['state', 'id'], unique=False)

    op.create_table('quarantine_rules',
    sa.Column('rule_id', sa.String(length=32), nullable=False),
    sa.Column('entry_id', sa.String(length=36), nullable=False),
    sa.PrimaryKeyConstraint('rule_id', 'entry_id', name=op.f('pk_quarantine_rules'))
    )
    with op.batch_alter_table('quarantine_rules', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_quarantine_rules_entry_id'), ['entry_id'], unique=False)

    op.create_table('tracking_plan_violations',
    sa.Column('rule_id', sa.String(length=32), nullable=False, comment='hash of plan, kind, event, pointer and keyword'),
    sa.Column('plan_id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('event', sa.String(length=500), nullable=True),
    sa.Column('pointer', sa.String(length=300), nullable=False),
    sa.Column('keyword', sa.String(length=50), nullable=False),
    sa.Column('calls', sa.BigInteger(), nullable=False),
    sa.Column('first_seen_at', types.UtcDateTime(), nullable=False),
    sa.Column('last_seen_at', types.UtcDateTime(), nullable=False),
    sa.Column('mode', sa.String(length=5), nullable=False, comment='what the plan did with the last one'),
    sa.Column('sample', types.Json(), nullable=False, comment='source_id, message_id and message of the last one'),
    sa.PrimaryKeyConstraint('rule_id', name=op.f('pk_tracking_plan_violations'))
    )
    with op.batch_alter_table('tracking_plan_violations', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_tracking_plan_violations_last_seen_at'), ['last_seen_at'], unique=False)

    op.create_table('tracking_plans',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('source_ids', types.Json(), nullable=True, comment='none where the plan binds every source'),
    sa.Column('mode', sa.String(length=5), nullable=False, comment='allow, flag or block'),
    sa.Column('unplanned', sa.String(length=5), nullable=False, comment='allow, flag or block'),
    sa.Column('created_at', types.UtcDateTime(), nullable=False),
    sa.Column('updated_at', types.UtcDateTime(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tracking_plans'))
    )
    op.create_table('tracking_plan_rules',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('plan_id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('event', sa.String(length=500), nullable=False, comment='empty where the rule is of every call of its kind'),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('schema', sa.LargeBinary(), nullable=False, comment='JSON Schema as it was written'),
    sa.Column('description', sa.String(length=500), nullable=False),
    sa.Column('created_at', types.UtcDateTime(), nullable=False),
    sa.Column('published_at', types.UtcDateTime(), nullable=True, comment='none while it is a draft'),
    sa.ForeignKeyConstraint(['plan_id'], ['tracking_plans.id'], name=op.f('fk_tracking_plan_rules_plan_id_tracking_plans')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tracking_plan_rules')),
    sa.UniqueConstraint('plan_id', 'kind', 'event', 'version', name=op.f('uq_tracking_plan_rules_plan_id_kind_event_version'))
    )


def downgrade() -> None:
    op.drop_table('tracking_plan_rules')
    op.drop_table('tracking_plans')
    with op.batch_alter_table('tracking_plan_violations', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_tracking_plan_violations_last_seen_at'))

    op.drop_table('tracking_plan_violations')
    with op.batch_alter_table('quarantine_rules', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_quarantine_rules_entry_id'))

    op.drop_table('quarantine_rules')
    with op.batch_alter_table('quarantine', schema=None) as batch_op:
        batch_op.drop_index('ix_quarantine_state')
        batch_op.drop_index('ix_quarantine_source')
        batch_op.drop_index('ix_quarantine_event')

    op.drop_table('quarantine')
