"""The archive, erasures, and what is left of erased names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from shared.sql import types

revision = '0005'
down_revision = '0004'
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

    op.create_table('archive_files',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('day', sa.String(length=10), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False, comment='written, published, merged or replaced'),
    sa.Column('created_at', types.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_archive_files'))
    )
    with op.batch_alter_table('archive_files', schema=None) as batch_op:
        batch_op.create_index('ix_archive_files_day_state', ['day', 'state'], unique=False)

    op.create_table('archive_days',
    sa.Column('day', sa.String(length=10), nullable=False),
    sa.Column('erased', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_archive_days'))
    )
    op.create_table('erasures',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('erasure_id', sa.String(length=36), nullable=False),
    sa.Column('erased_at', types.UtcDateTime(), nullable=False),
    sa.Column('heard_at', types.UtcDateTime(), nullable=False),
    sa.Column('touchpoints', sa.BigInteger(), nullable=False),
    sa.Column('archived', sa.BigInteger(), nullable=False, comment='rows that were taken out of files'),
    sa.Column('who', types.Json(), nullable=True, comment='subjects and profile ids, until everything is done'),
    sa.Column('swept_at', types.UtcDateTime(), nullable=True, comment='when webhooks and dead letters were done'),
    sa.Column('rewritten_at', types.UtcDateTime(), nullable=True, comment='when the archive was done'),
    sa.Column('finished_at', types.UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_erasures'))
    )
    with op.batch_alter_table('erasures', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_erasures_finished_at'), ['finished_at'], unique=False)


def downgrade() -> None:
    op.drop_table('erasures')
    op.drop_table('archive_days')
    op.drop_table('archive_files')
    op.drop_table('erased_names')
