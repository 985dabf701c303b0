"""Touchpoints that were still on the way when their customer was erased: they bring nobody back.

A touchpoint is of an erased customer when it was received at or before the erasure of its user id, or, where it has
none, of any of its names. Its other names were the customer's as well: those that nobody has now are erased with it.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.profile.domain.erasures import Erasure
from services.profile.domain.identifiers import USER_ID, Identifier
from services.profile.use_cases.erase_profile import name_text, subjects_among
from services.profile.use_cases.ports import Work
from services.profile.use_cases.read_sighting import PhoneReader, claimed_names
from shared.contracts.contract import Contract
from shared.contracts.events import TouchpointRecordedV1
from shared.contracts.profile import ProfileErasedV1


def drop_erased(
    work: Work, touchpoints: Sequence[TouchpointRecordedV1], *, read_phone: PhoneReader
) -> tuple[list[TouchpointRecordedV1], list[Contract]]:
    """The touchpoints that are not of erased customers, in order, and the facts to publish about those that are."""
    latest = work.erasures.latest()
    if latest is None or all(each.received_at > latest for each in touchpoints):
        return list(touchpoints), []
    kept: list[TouchpointRecordedV1] = []
    told: list[Contract] = []
    for touchpoint in touchpoints:
        names = list(dict.fromkeys(claimed_names(touchpoint, read_phone)))
        erasure = _erasure_of(work, touchpoint, names) if touchpoint.received_at <= latest else None
        if erasure is None:
            kept.append(touchpoint)
        else:
            told += _erase_further(work, touchpoint, names, erasure)
    return kept, told


def _erasure_of(work: Work, touchpoint: TouchpointRecordedV1, names: Sequence[Identifier]) -> Erasure | None:
    deciding = [name for name in names if name.kind == USER_ID] or names
    erased = work.erasures.of([name_text(name) for name in deciding]).values()
    return next((erasure for erasure in erased if touchpoint.received_at <= erasure.erased_at), None)


def _erase_further(
    work: Work, touchpoint: TouchpointRecordedV1, names: Sequence[Identifier], erasure: Erasure
) -> list[Contract]:
    """Erase the names that the erasure did not know yet and nobody has; tell those that others keep facts under."""
    known = work.erasures.of([name_text(name) for name in names])
    owned = {name for owner in work.identities.owners(names) for name in owner.names}
    further = [name for name in names if name_text(name) not in known and name not in owned]
    work.erasures.add_names([name_text(name) for name in further], erasure)
    subjects = subjects_among(further)
    if not subjects:
        return []
    return [
        ProfileErasedV1(
            erasure_id=erasure.id,
            erased_at=erasure.erased_at,
            subjects=subjects,
            traceparent=touchpoint.traceparent,
        )
    ]
