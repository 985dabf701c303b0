"""Partitions for touchpoints and seen messages (PostgreSQL), retention by type, departments, and splits of profiles.

On PostgreSQL no row is copied: the tables as they are become the first partitions, `touchpoints_before` with all that was
recorded until the end of this month, and one of `seen_messages` with all days until tomorrow. Indexes are built anew, so
that writers wait while this runs: about half a minute for ten million touchpoints.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from shared.ids import first_id_at, moment_of
from shared.sql import types

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

MONTHS_AHEAD = 3
INDEX = """CREATE INDEX ix_touchpoints_subject_time ON touchpoints (subject, occurred_at, id)
           INCLUDE (kind, channel, department)"""


def upgrade() -> None:
    now = datetime.now(UTC)
    op.add_column('touchpoints', sa.Column('department', sa.String(length=50), nullable=True))
    op.add_column('profile_versions', sa.Column('changed_at', types.UtcDateTime(), nullable=True,
                                                comment='when profile made this version; none for those of before 0006'))
    with op.batch_alter_table('merged_profiles', schema=None) as batch_op:
        batch_op.add_column(sa.Column('merged_at', types.UtcDateTime(), nullable=True))
    merged = sa.table('merged_profiles', sa.column('merged_at', types.UtcDateTime()))
    op.execute(sa.update(merged).values(merged_at=now))
    with op.batch_alter_table('merged_profiles', schema=None) as batch_op:
        batch_op.alter_column('merged_at', existing_type=types.UtcDateTime(), nullable=False)

    op.create_table('removed_touchpoints',
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('touchpoints', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('kind', name=op.f('pk_removed_touchpoints'))
    )
    op.create_table('retention_rules',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False, comment='empty where the rule is of every kind'),
    sa.Column('name', sa.String(length=500), nullable=False, comment='empty where it is of every name'),
    sa.Column('channel', sa.String(length=50), nullable=False, comment='empty where it is of every channel'),
    sa.Column('days', sa.Integer(), nullable=True, comment='none: kept for ever'),
    sa.Column('created_at', types.UtcDateTime(), nullable=False),
    sa.Column('updated_at', types.UtcDateTime(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_retention_rules')),
    sa.UniqueConstraint('kind', 'name', 'channel', name=op.f('uq_retention_rules_kind_name_channel'))
    )
    op.create_table('retention_sweeps',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False, comment='one row'),
    sa.Column('position', sa.String(length=36), nullable=True, comment='the last touchpoint that the sweep under way has judged'),
    sa.Column('finished_at', types.UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_retention_sweeps'))
    )
    if op.get_context().dialect.name == 'postgresql':
        _partition_touchpoints(now)
        _partition_seen_messages(now)


def _partition_touchpoints(now: datetime) -> None:
    newest = op.get_bind().scalar(sa.text('SELECT max(id) FROM touchpoints'))
    month = _next_month(max(now, moment_of(newest)) if newest else now)
    op.execute('DROP INDEX ix_touchpoints_subject_time')
    op.execute('ALTER TABLE touchpoints RENAME TO touchpoints_before')
    op.execute('ALTER TABLE touchpoints_before RENAME CONSTRAINT pk_touchpoints TO pk_touchpoints_before')
    op.execute('ALTER TABLE touchpoints_before ALTER id TYPE varchar(36) COLLATE "C", ALTER subject TYPE varchar(300) COLLATE "C"')
    op.create_table('touchpoints',
    sa.Column('id', sa.String(length=36, collation='C'), nullable=False, comment='UUIDv7: on PostgreSQL each month of recording is a partition'),
    sa.Column('subject', sa.String(length=300, collation='C'), nullable=False),
    sa.Column('occurred_at', types.UtcDateTime(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('name', sa.String(length=500), nullable=True),
    sa.Column('channel', sa.String(length=50), nullable=True),
    sa.Column('department', sa.String(length=50), nullable=True),
    sa.Column('document', sa.LargeBinary(), nullable=False, comment='TouchpointRecordedV1 as JSON'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_touchpoints')),
    postgresql_partition_by='RANGE (id)'
    )
    op.execute(INDEX)
    op.execute(f"ALTER TABLE touchpoints ATTACH PARTITION touchpoints_before FOR VALUES FROM (MINVALUE) TO ('{first_id_at(month)}')")
    for _ in range(MONTHS_AHEAD):
        after = _next_month(month)
        op.execute(f"CREATE TABLE touchpoints_{month:%Y_%m} PARTITION OF touchpoints "
                   f"FOR VALUES FROM ('{first_id_at(month)}') TO ('{first_id_at(after)}')")
        month = after


def _partition_seen_messages(now: datetime) -> None:
    today = now.toordinal()
    buckets = set(op.get_bind().scalars(sa.text('SELECT DISTINCT bucket FROM seen_messages'))) | {today - 1, today, today + 1}
    first = f'seen_messages_{datetime.fromordinal(max(buckets)):%Y_%m_%d}'
    op.execute(f'ALTER TABLE seen_messages RENAME TO {first}')
    op.execute(f'ALTER TABLE {first} RENAME CONSTRAINT pk_seen_messages TO pk_{first}')
    op.create_table('seen_messages',
    sa.Column('bucket', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.Column('touchpoint_id', sa.String(length=36), nullable=False),
    sa.PrimaryKeyConstraint('bucket', 'hash', name=op.f('pk_seen_messages')),
    postgresql_partition_by='LIST (bucket)'
    )
    values = ', '.join(map(str, sorted(buckets)))
    op.execute(f'ALTER TABLE seen_messages ATTACH PARTITION {first} FOR VALUES IN ({values})')
    op.execute('CREATE TABLE seen_messages_stray PARTITION OF seen_messages DEFAULT')


def _next_month(moment: datetime) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)


def downgrade() -> None:
    if op.get_context().dialect.name == 'postgresql':
        for table, key in (('touchpoints', 'id'), ('seen_messages', 'bucket, hash')):
            op.execute(f'ALTER TABLE {table} RENAME TO {table}_partitioned')
            op.execute(f'ALTER TABLE {table}_partitioned RENAME CONSTRAINT pk_{table} TO pk_{table}_partitioned')
            op.execute(f'CREATE TABLE {table} (LIKE {table}_partitioned INCLUDING DEFAULTS)')
            op.execute(f'INSERT INTO {table} SELECT * FROM {table}_partitioned')
            op.execute(f'DROP TABLE {table}_partitioned')
            op.execute(f'ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY ({key})')
        op.execute('CREATE INDEX ix_touchpoints_subject_time ON touchpoints (subject, occurred_at, id)')
    op.drop_table('retention_sweeps')
    op.drop_table('retention_rules')
    op.drop_table('removed_touchpoints')
    for table, column in (('merged_profiles', 'merged_at'), ('profile_versions', 'changed_at'), ('touchpoints', 'department')):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column(column)
