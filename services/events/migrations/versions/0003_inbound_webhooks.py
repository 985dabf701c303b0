"""Partners that send webhooks, their secrets, and which deliveries were read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from shared.sql import types

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('inbound_sources',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('owner', sa.String(length=100), nullable=False, comment='id of the API key that made it'),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('verification', types.Json(), nullable=False, comment='how deliveries are signed, without the secrets'),
    sa.Column('mapping', types.Json(), nullable=False),
    sa.Column('default_currency', sa.String(length=3), nullable=True),
    sa.Column('created_at', types.UtcDateTime(), nullable=False),
    sa.Column('updated_at', types.UtcDateTime(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbound_sources')),
    sa.UniqueConstraint('owner', 'name', name=op.f('uq_inbound_sources_owner_name'))
    )
    op.create_table('seen_deliveries',
    sa.Column('bucket', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('bucket', 'hash', name=op.f('pk_seen_deliveries')),
    sqlite_with_rowid=False
    )
    op.create_table('inbound_secrets',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('source_id', sa.String(length=36), nullable=False),
    sa.Column('secret', sa.Text(), nullable=False, comment='an HMAC key, so it is kept as it is'),
    sa.Column('created_at', types.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['source_id'], ['inbound_sources.id'], name=op.f('fk_inbound_secrets_source_id_inbound_sources')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbound_secrets'))
    )
    with op.batch_alter_table('inbound_secrets', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_inbound_secrets_source_id'), ['source_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('inbound_secrets', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_inbound_secrets_source_id'))

    op.drop_table('inbound_secrets')
    op.drop_table('seen_deliveries')
    op.drop_table('inbound_sources')
