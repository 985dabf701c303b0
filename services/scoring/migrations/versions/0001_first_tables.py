"""The tables that scoring begins with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from shared.sql import types

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('order_statements',
    sa.Column('statement_id', sa.String(length=36), nullable=False),
    sa.Column('subject', sa.String(length=300), nullable=False),
    sa.Column('order_id', sa.Text(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=True),
    sa.Column('occurred_at', types.UtcDateTime(), nullable=False),
    sa.Column('paid_lines', sa.Integer(), nullable=False),
    sa.Column('lines', types.Json(), nullable=False, comment='[product, name, quantity, unit price] each'),
    sa.PrimaryKeyConstraint('statement_id', name=op.f('pk_order_statements'))
    )
    with op.batch_alter_table('order_statements', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_order_statements_subject'), ['subject'], unique=False)

    op.create_table('profiles',
    sa.Column('profile_id', sa.String(length=36), nullable=False),
    sa.Column('survivor_id', sa.String(length=36), nullable=False, comment='itself, or whom it was merged into'),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('identified', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('profile_id', name=op.f('pk_profiles'))
    )
    with op.batch_alter_table('profiles', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_profiles_survivor_id'), ['survivor_id'], unique=False)

    op.create_table('score_runs',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('trigger', sa.String(length=10), nullable=False),
    sa.Column('settings', types.Json(), nullable=False),
    sa.Column('created_at', types.UtcDateTime(), nullable=False),
    sa.Column('started_at', types.UtcDateTime(), nullable=True),
    sa.Column('finished_at', types.UtcDateTime(), nullable=True),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('staged', sa.Integer(), nullable=False),
    sa.Column('published', sa.Integer(), nullable=False),
    sa.Column('report', types.Json(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('traceparent', sa.String(length=55), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_score_runs'))
    )
    with op.batch_alter_table('score_runs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_score_runs_state'), ['state'], unique=False)

    op.create_table('scores',
    sa.Column('run_id', sa.String(length=36), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False, comment="order in which a run's scores are published"),
    sa.Column('profile_id', sa.String(length=36), nullable=False),
    sa.Column('model', sa.String(length=40), nullable=False),
    sa.Column('value', sa.Float(precision=53), nullable=False),
    sa.Column('label', sa.String(length=40), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('figures', types.Json(), nullable=False),
    sa.Column('drivers', types.Json(), nullable=False),
    sa.PrimaryKeyConstraint('run_id', 'position', name=op.f('pk_scores'))
    )
    with op.batch_alter_table('scores', schema=None) as batch_op:
        batch_op.create_index('ix_scores_profile_id_model', ['profile_id', 'model'], unique=False)
        batch_op.create_index('ix_scores_run_id_model_value', ['run_id', 'model', 'value', 'profile_id'], unique=False)

    op.create_table('subjects',
    sa.Column('subject', sa.String(length=300), nullable=False),
    sa.Column('profile_id', sa.String(length=36), nullable=False),
    sa.Column('changed_at', types.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('subject', name=op.f('pk_subjects'))
    )
    with op.batch_alter_table('subjects', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_subjects_profile_id'), ['profile_id'], unique=False)

    op.create_table('api_keys',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('key_sha256', sa.String(length=64), nullable=False),
    sa.Column('hint', sa.String(length=12), nullable=False),
    sa.Column('scopes', types.Json(), nullable=False),
    sa.Column('created_at', types.UtcDateTime(), nullable=False),
    sa.Column('revoked_at', types.UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_keys')),
    sa.UniqueConstraint('key_sha256', name=op.f('uq_api_keys_key_sha256'))
    )
    op.create_table('dead_letters',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('consumer', sa.String(length=100), nullable=False),
    sa.Column('topic', sa.String(length=200), nullable=False),
    sa.Column('event_id', sa.String(length=200), nullable=False),
    sa.Column('event_type', sa.String(length=200), nullable=False),
    sa.Column('record', sa.LargeBinary(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('created_at', types.UtcDateTime(), nullable=False),
    sa.Column('replayed_at', types.UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_dead_letters'))
    )
    with op.batch_alter_table('dead_letters', schema=None) as batch_op:
        batch_op.create_index('ix_dead_letters_state_consumer', ['state', 'consumer'], unique=False)

    op.create_table('idempotency_keys',
    sa.Column('caller', sa.String(length=100), nullable=False),
    sa.Column('key', sa.String(length=255), nullable=False),
    sa.Column('request_sha256', sa.String(length=64), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('response', types.Json(), nullable=True),
    sa.Column('created_at', types.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('caller', 'key', name=op.f('pk_idempotency_keys'))
    )
    with op.batch_alter_table('idempotency_keys', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_idempotency_keys_created_at'), ['created_at'], unique=False)

    op.create_table('inbox_positions',
    sa.Column('consumer', sa.String(length=100), nullable=False),
    sa.Column('topic', sa.String(length=200), nullable=False),
    sa.Column('partition', sa.Integer(), nullable=False),
    sa.Column('next_offset', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('consumer', 'topic', 'partition', name=op.f('pk_inbox_positions'))
    )
    op.create_table('inbox_records',
    sa.Column('consumer', sa.String(length=100), nullable=False),
    sa.Column('record_id', sa.String(length=200), nullable=False),
    sa.Column('handled_at', types.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('consumer', 'record_id', name=op.f('pk_inbox_records'))
    )
    with op.batch_alter_table('inbox_records', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_inbox_records_handled_at'), ['handled_at'], unique=False)

    op.create_table('leases',
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('holder', sa.String(length=100), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_leases'))
    )
    op.create_table('outbox',
    sa.Column('sequence', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('topic', sa.String(length=200), nullable=False),
    sa.Column('partition', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=500), nullable=True),
    sa.Column('value', sa.LargeBinary(), nullable=False),
    sa.Column('headers', types.Json(), nullable=False),
    sa.Column('created_at', types.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('sequence', name=op.f('pk_outbox'))
    )


def downgrade() -> None:
    op.drop_table('outbox')
    op.drop_table('leases')
    with op.batch_alter_table('inbox_records', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_inbox_records_handled_at'))

    op.drop_table('inbox_records')
    op.drop_table('inbox_positions')
    with op.batch_alter_table('idempotency_keys', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_idempotency_keys_created_at'))

    op.drop_table('idempotency_keys')
    with op.batch_alter_table('dead_letters', schema=None) as batch_op:
        batch_op.drop_index('ix_dead_letters_state_consumer')

    op.drop_table('dead_letters')
    op.drop_table('api_keys')
    with op.batch_alter_table('subjects', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_subjects_profile_id'))

    op.drop_table('subjects')
    with op.batch_alter_table('scores', schema=None) as batch_op:
        batch_op.drop_index('ix_scores_run_id_model_value')
        batch_op.drop_index('ix_scores_profile_id_model')

    op.drop_table('scores')
    with op.batch_alter_table('score_runs', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_score_runs_state'))

    op.drop_table('score_runs')
    with op.batch_alter_table('profiles', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_profiles_survivor_id'))

    op.drop_table('profiles')
    with op.batch_alter_table('order_statements', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_order_statements_subject'))

    op.drop_table('order_statements')
