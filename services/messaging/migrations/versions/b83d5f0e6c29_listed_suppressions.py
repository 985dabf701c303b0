"""Whose address a refused one is, and refusals by the time when they were made.

The worker hashes the addresses of contacts that are there already: only it knows the secret.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = 'b83d5f0e6c29'
down_revision = 'a1c75e3f90b4'
branch_labels = None
depends_on = None

_UNHASHED = sa.text('address IS NOT NULL AND address_hash IS NULL')


def upgrade() -> None:
    with op.batch_alter_table('contacts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('address_hash', sa.String(length=32), nullable=True))
        batch_op.create_index(batch_op.f('ix_contacts_address_hash'), ['address_hash'], unique=False)
    op.create_index(
        'ix_contacts_unhashed', 'contacts', ['profile_id'], sqlite_where=_UNHASHED, postgresql_where=_UNHASHED
    )
    op.create_index('ix_suppressions_created_at', 'suppressions', ['created_at', 'address_hash'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_suppressions_created_at', table_name='suppressions')
    op.drop_index('ix_contacts_unhashed', table_name='contacts')
    with op.batch_alter_table('contacts', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_contacts_address_hash'))
        batch_op.drop_column('address_hash')
