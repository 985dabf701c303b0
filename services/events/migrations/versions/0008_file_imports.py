"""Saved mappings of files, uploaded files, imports of them, and which messages they have brought."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from shared.sql import types

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('import_chunks',
    sa.Column('file_id', sa.String(length=36), nullable=False),
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('bytes', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('file_id', 'number', name=op.f('pk_import_chunks'))
    )
    op.create_table('import_errors',
    sa.Column('import_id', sa.String(length=36), nullable=False),
    sa.Column('row', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('cells', sa.LargeBinary(), nullable=False, comment='JSON of the row as it stood in the file'),
    sa.Column('flaws', sa.LargeBinary(), nullable=False, comment='JSON'),
    sa.PrimaryKeyConstraint('import_id', 'row', name=op.f('pk_import_errors'))
    )
    op.create_table('import_files',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('format', sa.String(length=10), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=True, comment='none while it is being uploaded'),
    sa.Column('created_at', types.UtcDateTime(), nullable=False),
    sa.Column('expires_at', types.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_files'))
    )
    with op.batch_alter_table('import_files', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_import_files_expires_at'), ['expires_at'], unique=False)

    op.create_table('import_mappings',
    sa.Column('id', sa.String(length=36), nullable=False, comment='made of the name: the source of what is imported'),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('document', types.Json(), nullable=False),
    sa.Column('csv', types.Json(), nullable=False, comment='encoding and delimiter'),
    sa.Column('default_currency', sa.String(length=3), nullable=True),
    sa.Column('created_at', types.UtcDateTime(), nullable=False),
    sa.Column('updated_at', types.UtcDateTime(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_mappings')),
    sa.UniqueConstraint('name', name=op.f('uq_import_mappings_name'))
    )
    op.create_table('imported_messages',
    sa.Column('day', sa.Integer(), autoincrement=False, nullable=False, comment="of the touchpoint's time; 0 without one"),
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'hash', name=op.f('pk_imported_messages')),
    sqlite_with_rowid=False
    )
    op.create_table('imports',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('mapping_id', sa.String(length=36), nullable=False),
    sa.Column('mapping', types.Json(), nullable=False, comment='the mapping as it was when the import was asked for'),
    sa.Column('file_id', sa.String(length=36), nullable=False),
    sa.Column('file', types.Json(), nullable=False, comment='what was known of the file, which is not kept as long'),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('cancel_requested', sa.Boolean(), nullable=False),
    sa.Column('created_at', types.UtcDateTime(), nullable=False),
    sa.Column('started_at', types.UtcDateTime(), nullable=True),
    sa.Column('finished_at', types.UtcDateTime(), nullable=True),
    sa.Column('header', types.Json(), nullable=True),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('read_bytes', sa.BigInteger(), nullable=False),
    sa.Column('accepted', sa.BigInteger(), nullable=False),
    sa.Column('failed', sa.BigInteger(), nullable=False),
    sa.Column('passed_over', sa.BigInteger(), nullable=False),
    sa.Column('known', sa.BigInteger(), nullable=False),
    sa.Column('touchpoints', sa.BigInteger(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False, comment='times it was begun since it last came further'),
    sa.Column('held_by', sa.String(length=36), nullable=True),
    sa.Column('held_until', types.UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_imports'))
    )
    with op.batch_alter_table('imports', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_imports_file_id'), ['file_id'], unique=False)
        batch_op.create_index('ix_imports_state', ['state', 'id'], unique=False)
        batch_op.create_index('uq_imports_running', ['mapping_id'], unique=True, sqlite_where=sa.text("state = 'running'"), postgresql_where=sa.text("state = 'running'"))



def downgrade() -> None:
    with op.batch_alter_table('imports', schema=None) as batch_op:
        batch_op.drop_index('uq_imports_running', sqlite_where=sa.text("state = 'running'"), postgresql_where=sa.text("state = 'running'"))
        batch_op.drop_index('ix_imports_state')
        batch_op.drop_index(batch_op.f('ix_imports_file_id'))

    op.drop_table('imports')
    op.drop_table('imported_messages')
    op.drop_table('import_mappings')
    with op.batch_alter_table('import_files', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_import_files_expires_at'))

    op.drop_table('import_files')
    op.drop_table('import_errors')
    op.drop_table('import_chunks')
