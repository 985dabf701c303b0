"""Keys that share an owner, and sources that have one.

An API key that has sent is a source of its own. Who made the others is not known: they are for administrators.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('api_keys', sa.Column('owner', sa.String(length=36), nullable=True, comment="id of its owner's first key; none for itself"))
    op.add_column('sources', sa.Column('owner', sa.String(length=100), nullable=True, comment='id of the API key that made it; none where that is not known'))
    op.execute('UPDATE sources SET owner = id WHERE id IN (SELECT id FROM api_keys)')


def downgrade() -> None:
    with op.batch_alter_table('sources', schema=None) as batch_op:
        batch_op.drop_column('owner')

    with op.batch_alter_table('api_keys', schema=None) as batch_op:
        batch_op.drop_column('owner')
