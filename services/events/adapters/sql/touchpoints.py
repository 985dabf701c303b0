"""The store of touchpoints, and which messages were seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
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


_subject_of = itemgetter(_COLUMNS.index(_c.subject), 0)


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
        # In the order of the index, so that each of its pages is visited once.
        part = current_part(self._session)
        in_order = [(*row, part) for row in sorted([draft.row for draft in drafts], key=_subject_of)]
        insert_rows(self._session, (*_COLUMNS, _c.part), in_order)
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
        recorded, dropped, lines = Counter(map(_key, touchpoints)), Counter(map(_key, duplicates)), Counter[_TallyKey]()
        for touchpoint in touchpoints:
            if touchpoint.order:
                lines[_key(touchpoint)] += len(touchpoint.order.lines)
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


def _key(touchpoint: TouchpointRecordedV1) -> _TallyKey:
    name = touchpoint.name if touchpoint.kind == "track" else None
    return bucket_of(touchpoint.received_at), touchpoint.source_id, touchpoint.kind, name or ""
