"""One letter of a campaign to an address."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = 'e51c07a9b3d2'
down_revision = '4b1f6ad2c7e8'
branch_labels = None
depends_on = None

_KEYED = sa.text('dedup_key IS NOT NULL')


def upgrade() -> None:
    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.add_column(sa.Column('dedup_key', sa.String(length=32), nullable=True))
        batch_op.create_index(
            'uq_messages_dedup_key', ['dedup_key'], unique=True, sqlite_where=_KEYED, postgresql_where=_KEYED
        )


def downgrade() -> None:
    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.drop_index('uq_messages_dedup_key', sqlite_where=_KEYED, postgresql_where=_KEYED)
        batch_op.drop_column('dedup_key')
