"""The store of touchpoints, and which messages were seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.orm import Session

from services.events.adapters.sql import tables
from services.events.adapters.sql.parts import current_part
from services.events.adapters.sql.seen.opening import SeenMessages
from services.events.domain.duplicates import bucket_of
from services.events.use_cases.ports import Draft
from shared.contracts.events import TouchpointRecordedV1
from shared.sql.bulk import binding, insert_rows
from shared.sql.upsert import insert_for

_TallyKey = tuple[int, str, str, str]


_c = tables.touchpoints.c
_COLUMNS = (_c.id, _c.subject, _c.occurred_at, _c.kind, _c.name, _c.channel, _c.department, _c.document)


_subject_of = itemgetter(_COLUMNS.index(_c.subject))
_counted_by = attrgetter("received_at", "source_id", "kind", "name")


class TouchpointRows:
    """Makes rows of touchpoints as one kind of database takes them; needs no transaction."""

    def __init__(self, dialect: Dialect) -> None:
        self._time = binding(_c.occurred_at, dialect)

    def row(self, touchpoint: TouchpointRecordedV1, document: bytes) -> tuple[Any, ...]:
        """The row of a touchpoint whose JSON is `document`."""
        return (
            touchpoint.touchpoint_id,
            touchpoint.subject,
            self._time(touchpoint.occurred_at),
            touchpoint.kind,
            touchpoint.name,
            touchpoint.channel,
            touchpoint.department,
            document,
        )


class SqlTouchpoints:
    """Touchpoints in the session's transaction."""

    def __init__(self, session: Session, seen: SeenMessages) -> None:
        self._session = session
        self._seen = seen

    def known(self, hashes_by_bucket: Mapping[int, Collection[bytes]]) -> set[bytes]:
        """Which of these messages were recorded before, looking in their bucket and its neighbours."""
        return self._seen.known(self._session, hashes_by_bucket)

    def add(self, drafts: Sequence[Draft]) -> None:
        """Record touchpoints, the orders they tell of, and that their messages were seen."""
        # In the order of the index, so that each of its pages is visited once; those of a subject come in that of ids.
        in_order = sorted([draft.row for draft in drafts], key=_subject_of)
        insert_rows(self._session, _COLUMNS, in_order, shared=(_c.part, current_part(self._session)))
        self._seen.add(self._session, [draft.seen for draft in drafts])
        told = (draft.touchpoint.order for draft in drafts)
        orders = sorted({(order.order_id, order.status) for order in told if order})
        if orders:
            rows = [{"order_id": order_id, "status": status} for order_id, status in orders]
            self._session.execute(insert_for(self._session, tables.seen_orders).on_conflict_do_nothing(), rows)

    def tally(self, touchpoints: Sequence[TouchpointRecordedV1], duplicates: Sequence[TouchpointRecordedV1]) -> None:
        """Count what was recorded and what was dropped as a duplicate.

        Rows are taken in one order, so that two workers wait for each other and never for ever.
        """
        recorded, dropped, lines = _counted(touchpoints), _counted(duplicates), Counter[_TallyKey]()
        for touchpoint in touchpoints:
            if touchpoint.order:
                lines[_key(*_counted_by(touchpoint))] += len(touchpoint.order.lines)
        rows = [
            {
                **dict(zip(("bucket", "source_id", "kind", "name"), key, strict=True)),
                "touchpoints": recorded[key],
                "duplicates": dropped[key],
                "order_lines": lines[key],
            }
            for key in sorted(recorded.keys() | dropped.keys())
        ]
        if rows:
            self._session.execute(self._adding(), rows)

    def _adding(self) -> Any:
        made = insert_for(self._session, tables.tallies)
        counts = ("touchpoints", "duplicates", "order_lines")
        return made.on_conflict_do_update(
            index_elements=["bucket", "source_id", "kind", "name"],
            set_={name: tables.tallies.c[name] + made.excluded[name] for name in counts},
        )


def _counted(touchpoints: Iterable[TouchpointRecordedV1]) -> Counter[_TallyKey]:
    """How many there are of each key. The calls of one request share most of it, and are counted together first."""
    counted = Counter[_TallyKey]()
    for shared, count in Counter(map(_counted_by, touchpoints)).items():
        counted[_key(*shared)] += count
    return counted


def _key(received_at: datetime, source_id: str, kind: str, name: str | None) -> _TallyKey:
    return bucket_of(received_at), source_id, kind, (name or "") if kind == "track" else ""
