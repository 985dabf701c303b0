"""Texts of traits in the spelling that conditions compare: Unicode NFC, e-mail addresses as names.

The segments are computed anew, for some now have other members.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from shared.sql import types

from services.profile.domain.terms import trait_term

revision = 'e27a90c4d518'
down_revision = 'c1f83b6d2e07'
branch_labels = None
depends_on = None

_PAGE = 5_000
_traits = sa.table(
    'traits',
    sa.column('profile_id', sa.String()),
    sa.column('key', sa.String()),
    sa.column('value', types.Json()),
    sa.column('text', sa.String()),
    sa.column('items', sa.Text()),
)
_segments = sa.table('segments', sa.column('state', sa.String()))


def upgrade() -> None:
    connection = op.get_bind()
    mine = (_traits.c.profile_id == sa.bindparam('whose')) & (_traits.c.key == sa.bindparam('which'))
    spelled = sa.update(_traits).where(mine).values(text=sa.bindparam('new_text'), items=sa.bindparam('new_items'))
    for page in _pages(connection):
        terms = [(row, trait_term(row.key, row.value)) for row in page]
        changed = [
            {'whose': row.profile_id, 'which': row.key, 'new_text': term.text, 'new_items': term.items}
            for row, term in terms
            if (row.text, row._mapping['items']) != (term.text, term.items)
        ]
        if changed:
            connection.execute(spelled, changed)
    op.execute(sa.update(_segments).where(_segments.c.state == 'ready').values(state='computing'))


def downgrade() -> None:
    """The values are as they were; their spelling in conditions is another only."""


def _pages(connection: sa.Connection) -> Iterator[list[Any]]:
    place = sa.tuple_(_traits.c.profile_id, _traits.c.key)
    spelled = sa.or_(_traits.c.text.is_not(None), _traits.c['items'].is_not(None))
    query = sa.select(_traits).where(spelled).order_by(_traits.c.profile_id, _traits.c.key).limit(_PAGE)
    page = list(connection.execute(query))
    while page:
        yield page
        page = list(connection.execute(query.where(place > (page[-1].profile_id, page[-1].key))))
