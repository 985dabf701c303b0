"""Parts of the touchpoints on SQLite, each with an index of its own: one index, of which a part is the first column.

In one index of all subjects nearly each touchpoint of a transaction has a page to itself, once there are many, and each
such page is written twice. In parts, recording writes only to the pages of the latest, and reading looks into every
part. PostgreSQL has a partition for each month instead; there everything is of part 0.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, func, literal_column, select
from sqlalchemy.orm import Session

from services.events.adapters.sql.tables import touchpoints

_TOUCHPOINTS = 131_072
"""How many lie in one part: their entries take some 10 MB."""
_part = touchpoints.c.part


def current_part(session: Session) -> int:
    """The part that touchpoints are added to now."""
    if session.get_bind().dialect.name == "postgresql":
        return 0
    last = session.scalar(select(func.max(literal_column("rowid"))).select_from(touchpoints))
    return (last or 0) // _TOUCHPOINTS


def parts() -> Select[int]:
    """Every part that holds anything: a step along the index for each."""
    found = select(func.min(_part).label("part")).cte("parts", recursive=True)
    following = select(func.min(_part)).where(_part > found.c.part).scalar_subquery()
    found = found.union_all(select(following).where(found.c.part.is_not(None)))
    return select(found.c.part).where(found.c.part.is_not(None))


def of_subject(session: Session, subject: str) -> ColumnElement[bool]:
    """Whether a touchpoint is of `subject`, so that the index is used."""
    same = touchpoints.c.subject == subject
    return same if session.get_bind().dialect.name == "postgresql" else _part.in_(parts()) & same
