"""For how long an endpoint was tried while every attempt failed.

Of endpoints that fail already only the first failure is known: what was tried since then is counted from now on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from shared.sql import types

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('webhook_lanes', sa.Column('failed_at', types.UtcDateTime(), nullable=True, comment='the last failure since then'))
    op.add_column('webhook_lanes', sa.Column('tried_s', sa.Float(), server_default='0', nullable=False, comment='seconds between them that count as tried'))


def downgrade() -> None:
    with op.batch_alter_table('webhook_lanes', schema=None) as batch_op:
        batch_op.drop_column('tried_s')
        batch_op.drop_column('failed_at')
