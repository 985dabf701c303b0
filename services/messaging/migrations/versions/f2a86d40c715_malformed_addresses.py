"""Whether customers have e-mails that are no addresses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = 'f2a86d40c715'
down_revision = 'e51c07a9b3d2'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('contacts', schema=None) as batch_op:
        batch_op.add_column(
            sa.Column('address_malformed', sa.Boolean(), server_default=sa.false(), nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table('contacts', schema=None) as batch_op:
        batch_op.drop_column('address_malformed')
