"""The tables that events begins with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from shared.sql import types

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('merged_profiles',
    sa.Column('merged_profile_id', sa.String(length=36), nullable=False),
    sa.Column('profile_id', sa.String(length=36), nullable=False),
    sa.PrimaryKeyConstraint('merged_profile_id', name=op.f('pk_merged_profiles'))
    )
    with op.batch_alter_table('merged_profiles', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_merged_profiles_profile_id'), ['profile_id'], unique=False)

    op.create_table('profile_subjects',
    sa.Column('profile_id', sa.String(length=36), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('profile_id', 'subject', name=op.f('pk_profile_subjects'))
    )
    op.create_table('profile_versions',
    sa.Column('profile_id', sa.String(length=36), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('profile_id', name=op.f('pk_profile_versions'))
    )
    op.create_table('seen_messages',
    sa.Column('bucket', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.Column('touchpoint_id', sa.String(length=36), nullable=False),
    sa.PrimaryKeyConstraint('bucket', 'hash', name=op.f('pk_seen_messages')),
    sqlite_with_rowid=False
    )
    op.create_table('seen_orders',
    sa.Column('order_id', sa.String(length=300), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.PrimaryKeyConstraint('order_id', 'status', name=op.f('pk_seen_orders')),
    sqlite_with_rowid=False
    )
    op.create_table('sources',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('default_currency', sa.String(length=3), nullable=True),
    sa.Column('created_at', types.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sources'))
    )
    op.create_table('tallies',
    sa.Column('bucket', sa.Integer(), autoincrement=False, nullable=False, comment='day received, proleptic ordinal'),
    sa.Column('source_id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('name', sa.String(length=500), nullable=False, comment='event name of a track call, else empty'),
    sa.Column('touchpoints', sa.BigInteger(), nullable=False),
    sa.Column('duplicates', sa.BigInteger(), nullable=False),
    sa.Column('order_lines', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('bucket', 'source_id', 'kind', 'name', name=op.f('pk_tallies'))
    )
    op.create_table('touchpoints',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('subject', sa.String(length=300), nullable=False),
    sa.Column('occurred_at', types.UtcDateTime(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('name', sa.String(length=500), nullable=True),
    sa.Column('channel', sa.String(length=50), nullable=True),
    sa.Column('document', sa.LargeBinary(), nullable=False, comment='TouchpointRecordedV1 as JSON'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_touchpoints'))
    )
    with op.batch_alter_table('touchpoints', schema=None) as batch_op:
        batch_op.create_index('ix_touchpoints_subject_time', ['subject', 'occurred_at', 'id'], unique=False)

    op.create_table('write_keys',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('source_id', sa.String(length=36), nullable=False),
    sa.Column('key_sha256', sa.String(length=64), nullable=False),
    sa.Column('hint', sa.String(length=12), nullable=False),
    sa.Column('created_at', types.UtcDateTime(), nullable=False),
    sa.Column('revoked_at', types.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['source_id'], ['sources.id'], name=op.f('fk_write_keys_source_id_sources')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_write_keys')),
    sa.UniqueConstraint('key_sha256', name=op.f('uq_write_keys_key_sha256'))
    )
    with op.batch_alter_table('write_keys', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_write_keys_source_id'), ['source_id'], unique=False)

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
    with op.batch_alter_table('write_keys', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_write_keys_source_id'))

    op.drop_table('write_keys')
    with op.batch_alter_table('touchpoints', schema=None) as batch_op:
        batch_op.drop_index('ix_touchpoints_subject_time')

    op.drop_table('touchpoints')
    op.drop_table('tallies')
    op.drop_table('sources')
    op.drop_table('seen_orders')
    op.drop_table('seen_messages')
    op.drop_table('profile_versions')
    op.drop_table('profile_subjects')
    with op.batch_alter_table('merged_profiles', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_merged_profiles_profile_id'))

    op.drop_table('merged_profiles')
