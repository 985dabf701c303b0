"""The delimiter that an imported file showed, for the file of its refused rows.

Of imports that were begun before it is not known: theirs are written as they were, with the mapping's or a comma.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('imports', sa.Column('delimiter', sa.String(length=1), nullable=True, comment='that the file showed'))


def downgrade() -> None:
    with op.batch_alter_table('imports', schema=None) as batch_op:
        batch_op.drop_column('delimiter')
