"""Erasing a customer: everything under every name, here and, by the fact that is told, everywhere else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from services.profile.domain.erasures import Erasure
from services.profile.domain.errors import ProfileNotFound
from services.profile.domain.identifiers import ANONYMOUS_ID, USER_ID, Identifier
from services.profile.use_cases.move_members import leave_segments
from services.profile.use_cases.ports import Work
from shared.clock import Clock
from shared.contracts.about import profile_name
from shared.contracts.contract import Contract
from shared.contracts.profile import ProfileErasedV1


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseProfile:
    """Erases a profile with everything that is known of it, in an open transaction."""

    clock: Clock
    new_id: Callable[[], str]

    def __call__(
        self, work: Work, who: str | Identifier, *, requested_by: str, traceparent: str | None = None
    ) -> tuple[Erasure, list[Contract]]:
        """The erasure of a profile, by its id or an identifier, and the facts to publish.

        Who was erased before and has not come back since is told by the first erasure again. Raises ProfileNotFound.
        """
        living = _living_id(work, who)
        if living is None:
            return _erased_before(work, who), []
        merged = work.erasures.merged_into(living)
        names = [name for identity in work.identities.of([living]) for name in identity.names]
        erasure = Erasure(id=self.new_id(), erased_at=self.clock(), requested_by=requested_by, profiles=1 + len(merged))
        left = leave_segments(work, [living], erasure.erased_at)
        told = ProfileErasedV1(
            erasure_id=erasure.id,
            profile_id=living,
            merged_profile_ids=tuple(merged),
            subjects=subjects_among(names),
            erased_at=erasure.erased_at,
            traceparent=traceparent,
        )
        work.erasures.remove(told.profile_ids, subjects=told.subjects)
        work.erasures.record(erasure)
        work.erasures.add_names([*map(profile_name, told.profile_ids), *map(name_text, names)], erasure)
        return erasure, [*left, told]


def name_text(name: Identifier) -> str:
    """The name under which an identifier is remembered as erased."""
    return f"{name.kind}:{name.value}"


def subjects_among(names: Iterable[Identifier]) -> tuple[str, ...]:
    """Those of the names that touchpoints have for their subject."""
    return tuple(sorted(name_text(name) for name in names if name.kind in (USER_ID, ANONYMOUS_ID)))


def _living_id(work: Work, who: str | Identifier) -> str | None:
    if isinstance(who, Identifier):
        owners: Collection[str] = [owner.profile_id for owner in work.identities.owners([who])]
    else:
        owners = work.identities.survivors([who]).values()
    return next(iter(owners), None)


def _erased_before(work: Work, who: str | Identifier) -> Erasure:
    name = name_text(who) if isinstance(who, Identifier) else profile_name(who)
    erasure = work.erasures.of([name]).get(name)
    if erasure is None:
        what = f"this {who.kind}" if isinstance(who, Identifier) else f"the id {who}"
        raise ProfileNotFound(f"nobody is known by {what}")
    return erasure
