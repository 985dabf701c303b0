"""Buckets of seen messages that are parts of a day (SQLite).

On SQLite each day that has messages becomes a bucket of its own, under the number that it had: nothing is copied. The day
that is under way is found full and sealed by the first transaction after this one, some tenths of a second a million messages.
On PostgreSQL a bucket stays a day, and the table empty.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

DAYS = """INSERT INTO message_buckets (bucket, day, messages)
          SELECT bucket, bucket, count(*) FROM seen_messages GROUP BY bucket"""
BY_DAY = """INSERT INTO seen_messages_by_day (bucket, hash, touchpoint_id)
            SELECT day, hash, touchpoint_id FROM seen_messages JOIN message_buckets USING (bucket) ORDER BY day, hash"""


def upgrade() -> None:
    op.create_table('message_buckets',
    sa.Column('bucket', sa.Integer(), autoincrement=False, nullable=False, comment='of seen_messages; SQLite only'),
    sa.Column('day', sa.Integer(), nullable=False, comment='day its messages were received on, proleptic ordinal'),
    sa.Column('messages', sa.BigInteger(), nullable=False),
    sa.Column('seal', sa.String(length=36), nullable=True, comment='unique to this sealing; none while the bucket takes messages'),
    sa.Column('beginnings', sa.LargeBinary(), nullable=True, comment='the first 8 bytes of each hash, once it is sealed'),
    sa.PrimaryKeyConstraint('bucket', name=op.f('pk_message_buckets'))
    )
    if op.get_context().dialect.name == 'sqlite':
        op.execute(DAYS)


def downgrade() -> None:
    if op.get_context().dialect.name == 'sqlite':
        op.create_table('seen_messages_by_day',
        sa.Column('bucket', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('hash', sa.LargeBinary(), nullable=False),
        sa.Column('touchpoint_id', sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint('bucket', 'hash', name=op.f('pk_seen_messages')),
        sqlite_with_rowid=False
        )
        op.execute(BY_DAY)
        op.drop_table('seen_messages')
        op.rename_table('seen_messages_by_day', 'seen_messages')
    op.drop_table('message_buckets')
