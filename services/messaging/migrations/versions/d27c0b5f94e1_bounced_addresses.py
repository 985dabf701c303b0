"""Addresses without a mailbox, among those that get no marketing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = 'd27c0b5f94e1'
down_revision = 'b83d5f0e6c29'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('suppressions', sa.Column('bounced', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.execute(sa.text('DELETE FROM suppressions WHERE bounced'))
    op.drop_column('suppressions', 'bounced')
