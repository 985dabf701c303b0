"""How often a campaign was planned, so that two people do not plan it over one another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = 'a1c75e3f90b4'
down_revision = 'e4a9d2f6b301'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('campaigns', schema=None) as batch_op:
        batch_op.add_column(sa.Column('version', sa.Integer(), server_default='1', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('campaigns', schema=None) as batch_op:
        batch_op.drop_column('version')
