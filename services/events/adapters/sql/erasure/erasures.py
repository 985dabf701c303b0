"""Erasing customers from events' tables, and how far each erasure has come."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session

from services.events.adapters.sql.erasure.tables import erasures
from services.events.adapters.sql.parts import of_subject
from services.events.adapters.sql.tables import (
    merged_profiles,
    profile_subjects,
    profile_versions,
    seen_orders,
    touchpoints,
)
from services.events.adapters.sql.tracking_plan.tables import quarantine, quarantine_rules, violations
from services.events.use_cases.calls import subject_in
from services.events.use_cases.erasure.ports import ToErase
from shared.batched import batched
from shared.contracts.about import names_erased
from shared.contracts.profile import ProfileErasedV1
from shared.erased_names import Erased, ErasedNames, NameHash
from shared.ids import new_id

_PARAMETERS = 1_000
_c = erasures.c


class _Order(msgspec.Struct):
    order_id: str


class _Stored(msgspec.Struct):
    """What has to be known of a touchpoint to erase it and its traces."""

    touchpoint_id: str
    message_id: str
    received_at: datetime
    order: _Order | None = None


_decode = msgspec.json.Decoder(_Stored).decode


class SqlErasures:
    """Erasures in the session's transaction."""

    def __init__(self, session: Session, hashed: NameHash) -> None:
        self._session = session
        self._hashed = hashed

    def erase(self, fact: ProfileErasedV1, *, now: datetime) -> None:
        """Delete what is found by its keys; what has to be searched for is left to be swept."""
        names = ErasedNames(self._session, self._hashed)
        names.add(names_erased(fact), Erased(fact.erasure_id, fact.erased_at))
        gone = [stored for subject in fact.subjects for stored in self._take_touchpoints(subject, fact.erased_at)]
        messages = {stored.message_id for stored in gone} | self._empty_quarantine(fact.subjects, fact.erased_at)
        self._hide_samples(messages)
        self._hide_orders({stored.order.order_id for stored in gone if stored.order})
        self._forget_identities(fact.profile_ids)
        self._session.execute(
            insert(erasures).values(
                id=new_id(),
                erasure_id=fact.erasure_id,
                erased_at=fact.erased_at,
                heard_at=now,
                touchpoints=len(gone),
                archived=0,
                who={"subjects": list(fact.subjects), "profile_ids": sorted(fact.profile_ids)},
            )
        )

    def _take_touchpoints(self, subject: str, until: datetime) -> list[_Stored]:
        theirs = of_subject(self._session, subject)
        documents = self._session.scalars(select(touchpoints.c.document).where(theirs))
        early = [stored for stored in map(_decode, documents) if stored.received_at <= until]
        for page in batched([stored.touchpoint_id for stored in early], _PARAMETERS):
            self._session.execute(delete(touchpoints).where(theirs, touchpoints.c.id.in_(page)))
        return early

    def _empty_quarantine(self, subjects: Collection[str], until: datetime) -> set[str]:
        """Also of calls that were theirs, or are by now, since they were corrected."""
        q = quarantine.c
        early = select(q.id, q.message_id, q.original, q.call).where(q.received_at <= until)
        held = [*self._session.execute(early.where(q.subject.in_(subjects)))]
        corrected = self._session.execute(early.where(q.corrected_at.is_not(None)))
        held += [row for row in corrected if not _subjects_in(row.original, row.call).isdisjoint(subjects)]
        for page in batched([row.id for row in held], _PARAMETERS):
            self._session.execute(delete(quarantine_rules).where(quarantine_rules.c.entry_id.in_(page)))
            self._session.execute(delete(quarantine).where(q.id.in_(page)))
        return {row.message_id for row in held}

    def _hide_samples(self, message_ids: Collection[str]) -> None:
        """A rule's sample quotes the last call that broke it; the count stays."""
        v = violations.c
        for row in self._session.execute(select(v.rule_id, v.sample)).all():
            if row.sample.get("message_id") in message_ids:
                hidden = {**row.sample, "message_id": "", "message": "erased"}
                self._session.execute(update(violations).where(v.rule_id == row.rule_id).values(sample=hidden))

    def _hide_orders(self, order_ids: Iterable[str]) -> None:
        """Orders are counted by their ids; a hash counts as well."""
        o = seen_orders.c
        for order_id in order_ids:
            hidden = self._hashed(f"order:{order_id}")
            self._session.execute(delete(seen_orders).where(o.order_id == hidden))
            self._session.execute(update(seen_orders).where(o.order_id == order_id).values(order_id=hidden))

    def _forget_identities(self, profile_ids: Collection[str]) -> None:
        for table in (profile_subjects, profile_versions):
            self._session.execute(delete(table).where(table.c.profile_id.in_(profile_ids)))
        either = merged_profiles.c.profile_id.in_(profile_ids) | merged_profiles.c.merged_profile_id.in_(profile_ids)
        self._session.execute(delete(merged_profiles).where(either))


def unfinished(session: Session, *, part: str) -> Sequence[ToErase]:
    """Erasures of which a part (`swept_at` or `rewritten_at`) is to do, the first heard first."""
    open_ = _c.finished_at.is_(None) & _c[part].is_(None)
    rows = session.execute(select(_c.id, _c.who, _c.erased_at).where(open_).order_by(_c.id))
    return [_to_erase(row) for row in rows]


def count_archived(session: Session, id_: str, rows: int) -> None:
    """So many rows were taken out of a file; counted with the file, for a killed worker finds the others alone."""
    session.execute(update(erasures).where(_c.id == id_).values(archived=_c.archived + rows))


def settle(session: Session, done: Sequence[ToErase], *, part: str, now: datetime, archives: bool) -> None:
    """A part of these is done; where all parts are, nothing is left of who it was."""
    these = _c.id.in_([each.id for each in done])
    session.execute(update(erasures).where(these).values({part: now}))
    complete: ColumnElement[bool] = these & _c.swept_at.is_not(None)
    if archives:
        complete &= _c.rewritten_at.is_not(None)
    session.execute(update(erasures).where(complete).values(who=None, finished_at=now))


def _subjects_in(*calls: bytes) -> set[str | None]:
    return {subject_in(bytes(call)) for call in calls}


def _to_erase(row: Any) -> ToErase:
    return ToErase(id=row.id, until=row.erased_at, **row.who)
