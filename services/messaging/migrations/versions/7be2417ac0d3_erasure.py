"""What is left of erased names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from shared.sql import types

revision = '7be2417ac0d3'
down_revision = 'c39f912d8b4e'
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


def downgrade() -> None:
    op.drop_table('erased_names')
