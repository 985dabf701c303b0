"""Calls that a tracking plan blocked, until they are corrected and replayed, or deleted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, exists, insert, select, update
from sqlalchemy.orm import Session

from services.events.adapters.sql.tracking_plan.tables import quarantine, quarantine_rules
from services.events.domain.tracking_plan.errors import EntryNotFound
from services.events.domain.tracking_plan.plans import Breach, Violation
from services.events.use_cases.tracking_plan.ports import Entry, EntryFilter, EntryState
from shared.batched import batched
from shared.sql.upsert import insert_for

_PARAMETERS = 5_000
_c = quarantine.c


class SqlQuarantine:
    """The quarantine in the session's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def is_in_use(self) -> bool:
        """Whether any call was ever held that is not deleted yet."""
        return self._session.scalar(select(_c.id).limit(1)) is not None

    def find(self, hashes: Collection[bytes]) -> Mapping[bytes, Entry]:
        """The entries of these messages, held until the transaction ends."""
        found: dict[bytes, Entry] = {}
        for some in batched(hashes, _PARAMETERS):
            query = select(quarantine).where(_c.message_hash.in_(some)).order_by(_c.id).with_for_update()
            for row in self._session.execute(query):
                found[bytes(row.message_hash)] = _entry(row)
        return found

    def hold(self, entry: Entry) -> bool:
        """Keep a blocked call; False when its message is there already."""
        made = insert_for(self._session, quarantine).values(_values(entry)).on_conflict_do_nothing()
        if self._session.scalar(made.returning(_c.id)) is None:
            return False
        self._name_rules(entry)
        return True

    def save(self, entry: Entry) -> None:
        """Replace what is kept of an entry."""
        self._session.execute(update(quarantine).where(_c.id == entry.id).values(_values(entry)))
        self._session.execute(delete(quarantine_rules).where(quarantine_rules.c.entry_id == entry.id))
        self._name_rules(entry)

    def get(self, entry_id: str, *, lock: bool = False) -> Entry:
        """One entry, held until the transaction ends with `lock`. Raises EntryNotFound."""
        query = select(quarantine).where(_c.id == entry_id)
        row = self._session.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise EntryNotFound(f"no call {entry_id} in quarantine")
        return _entry(row)

    def held(self, wanted: EntryFilter, *, limit: int, after: str | None) -> Sequence[Entry]:
        """Entries in state `held`, oldest first, from behind the id `after`, until the transaction ends."""
        query = select(quarantine).where(_c.state == "held", *_meant(wanted)).order_by(_c.id).limit(limit)
        if after is not None:
            query = query.where(_c.id > after)
        return [_entry(row) for row in self._session.execute(query.with_for_update())]

    def page(self, wanted: EntryFilter, *, state: EntryState, limit: int, before: str | None) -> Sequence[Entry]:
        """Entries in one state, newest first, from behind the id `before`."""
        query = select(quarantine).where(_c.state == state, *_meant(wanted)).order_by(_c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(_c.id < before)
        return [_entry(row) for row in self._session.execute(query)]

    def remove(self, entry_id: str) -> None:
        """Forget an entry."""
        self._session.execute(delete(quarantine_rules).where(quarantine_rules.c.entry_id == entry_id))
        self._session.execute(delete(quarantine).where(_c.id == entry_id))

    def _name_rules(self, entry: Entry) -> None:
        rows = [{"entry_id": entry.id, "rule_id": rule_id} for rule_id in {each.rule_id for each in entry.breaches}]
        if rows:
            self._session.execute(insert(quarantine_rules), rows)


def _meant(wanted: EntryFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.event is not None:
        yield _c.event == wanted.event
    if wanted.source_id is not None:
        yield _c.source_id == wanted.source_id
    if wanted.rule_id is not None:
        rules = quarantine_rules.c
        yield exists().where(rules.entry_id == _c.id, rules.rule_id == wanted.rule_id)


def _values(entry: Entry) -> dict[str, Any]:
    values = {column.name: getattr(entry, column.name) for column in quarantine.columns}
    values["breaches"] = [asdict(breach) for breach in entry.breaches]
    return values


def _entry(row: Row[Any]) -> Entry:
    stored = row._asdict()
    stored["breaches"] = tuple(
        Breach(**{**breach, "violation": Violation(**breach["violation"])}) for breach in row.breaches
    )
    for name in ("message_hash", "original", "call"):
        stored[name] = bytes(stored[name])
    return Entry(**stored)
