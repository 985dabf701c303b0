"""The store of touchpoints, and which messages were seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from services.events.adapters.sql import tables
from services.events.domain.duplicates import bucket_of, buckets_near
from services.events.use_cases.ports import Seen
from shared.contracts.events import TouchpointRecordedV1
from shared.sql.upsert import insert_for

_encode = msgspec.json.Encoder().encode
_PARAMETERS = 5_000
_TallyKey = tuple[int, str, str, str]


class SqlTouchpoints:
    """Touchpoints in the session's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def known(self, hashes_by_bucket: Mapping[int, Collection[bytes]]) -> set[bytes]:
        """Which of these messages were recorded before, looking in their bucket and its neighbours."""
        seen = tables.seen_messages.c
        found: set[bytes] = set()
        for bucket, hashes in hashes_by_bucket.items():
            for some in _batched(hashes):
                query = select(seen.hash).where(seen.bucket.in_(buckets_near(bucket)), seen.hash.in_(some))
                found.update(bytes(hashed) for hashed in self._session.scalars(query))
        return found

    def add(self, touchpoints: Sequence[TouchpointRecordedV1], seen: Sequence[Seen]) -> None:
        """Record touchpoints, the orders they tell of, and that their messages were seen."""
        if not touchpoints:
            return
        self._session.execute(insert(tables.touchpoints), [_row(touchpoint) for touchpoint in touchpoints])
        self._session.execute(
            insert(tables.seen_messages),
            [{"bucket": one.bucket, "hash": one.hash, "touchpoint_id": one.touchpoint_id} for one in seen],
        )
        orders = sorted({(t.order.order_id, t.order.status) for t in touchpoints if t.order})
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


def _batched(hashes: Iterable[bytes]) -> Iterator[list[bytes]]:
    pending = iter(hashes)
    while some := list(islice(pending, _PARAMETERS)):
        yield some


def _row(touchpoint: TouchpointRecordedV1) -> dict[str, Any]:
    return {
        "id": touchpoint.touchpoint_id,
        "subject": touchpoint.subject,
        "occurred_at": touchpoint.occurred_at,
        "kind": touchpoint.kind,
        "name": touchpoint.name,
        "channel": touchpoint.channel,
        "department": touchpoint.department,
        "document": _encode(touchpoint),
    }


def _key(touchpoint: TouchpointRecordedV1) -> _TallyKey:
    name = touchpoint.name if touchpoint.kind == "track" else None
    return bucket_of(touchpoint.received_at), touchpoint.source_id, touchpoint.kind, name or ""
