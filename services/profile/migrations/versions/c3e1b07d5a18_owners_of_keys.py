"""Keys that share an owner."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = 'c3e1b07d5a18'
down_revision = '5d0c7f1e9a42'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('api_keys', sa.Column('owner', sa.String(length=36), nullable=True, comment="id of its owner's first key; none for itself"))


def downgrade() -> None:
    with op.batch_alter_table('api_keys', schema=None) as batch_op:
        batch_op.drop_column('owner')
