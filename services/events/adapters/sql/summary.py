"""How much there is: counts for operators and for checks against what was sent."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.events.adapters.sql.retention.tables import removed_touchpoints
from services.events.adapters.sql.sums import count_sum
from services.events.adapters.sql.tables import seen_orders, sources, tallies
from shared.sql.plumbing import dead_letters


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCount:
    """Track calls of one event name. `touchpoints` are distinct messages."""

    name: str
    touchpoints: int
    order_lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCount:
    """What one source sent."""

    source_id: str
    name: str | None
    touchpoints: int
    duplicates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Counts since the beginning. `orders` are distinct order ids by the status that an event gave them.

    `removed` is how many of the touchpoints, by kind, retention has removed since.
    """

    touchpoints: int
    duplicates: int
    order_lines: int
    by_kind: dict[str, int]
    events: list[EventCount]
    events_named: int
    sources: list[SourceCount]
    orders: dict[str, int]
    dead_letters: int
    removed: dict[str, int]


_MOST_NAMES = 1_000


def summarise(session: Session) -> Summary:
    """The counts as of now, from the tallies that are kept with every recorded touchpoint."""
    t = tallies.c
    everything = session.execute(
        select(count_sum(t.touchpoints), count_sum(t.duplicates), count_sum(t.order_lines))
    ).one()
    kinds = session.execute(select(t.kind, count_sum(t.touchpoints)).group_by(t.kind).order_by(t.kind))
    statuses = select(seen_orders.c.status, func.count()).group_by(seen_orders.c.status).order_by(seen_orders.c.status)
    waiting = select(func.count()).select_from(dead_letters).where(dead_letters.c.state != "replayed")
    removed = select(removed_touchpoints).order_by(removed_touchpoints.c.kind)
    named = select(func.count(t.name.distinct())).where(t.kind == "track")
    return Summary(
        touchpoints=everything[0],
        duplicates=everything[1],
        order_lines=everything[2],
        by_kind={row[0]: row[1] for row in kinds},
        events=_events(session),
        events_named=session.scalar(named) or 0,
        sources=_sources(session),
        orders={row[0]: row[1] for row in session.execute(statuses)},
        dead_letters=session.scalar(waiting) or 0,
        removed={row.kind: row.touchpoints for row in session.execute(removed)},
    )


def _events(session: Session) -> list[EventCount]:
    t = tallies.c
    many = count_sum(t.touchpoints)
    query = select(t.name, many, count_sum(t.order_lines)).where(t.kind == "track").group_by(t.name)
    rows = session.execute(query.order_by(many.desc(), t.name).limit(_MOST_NAMES))
    return [EventCount(name=name, touchpoints=count, order_lines=lines) for name, count, lines in rows]


def _sources(session: Session) -> list[SourceCount]:
    t = tallies.c
    query = (
        select(t.source_id, sources.c.name, count_sum(t.touchpoints), count_sum(t.duplicates))
        .join(sources, sources.c.id == t.source_id, isouter=True)
        .group_by(t.source_id, sources.c.name)
        .order_by(t.source_id)
    )
    return [
        SourceCount(source_id=source_id, name=name, touchpoints=count, duplicates=dropped)
        for source_id, name, count, dropped in session.execute(query)
    ]
