"""Merge protection: which names weigh more, and how many of each one customer may have.

The rules follow from one idea: a user id is what the customer proved by signing in; everything else (a device, an
address, a telephone) can be shared by a family or a shop counter. So

- two profiles that both have a user id are never tied by anything they share; only an alias call, which says
  outright that one id is the other, joins them;
- a name that would exceed its limit is not attached, and a tie that would exceed one is not made: somebody with
  hundreds of telephones is a call centre and no person. Names of all kinds together have a limit, too, for there are
  as many kinds as there are external systems;
- a name stays with the profile that had it first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from services.profile.domain.identifiers import ANONYMOUS_ID, EMAIL, EXTERNAL, PHONE, USER_ID, Identifier

Refusal = Literal["other_user", "limit"]
_LIMITS: Mapping[str, int] = MappingProxyType({USER_ID: 20, EXTERNAL: 5, EMAIL: 5, PHONE: 5, ANONYMOUS_ID: 200})


@dataclass(frozen=True, slots=True)
class MergePolicy:
    """`priority`: strongest kind first. `limits`: how many of a kind (or external system) one profile may have, and
    `most` how many in all."""

    priority: tuple[str, ...] = (USER_ID, EXTERNAL, EMAIL, PHONE, ANONYMOUS_ID)
    limits: Mapping[str, int] = field(default_factory=lambda: _LIMITS)
    most: int = 300

    def in_order(self, claims: Iterable[Identifier]) -> list[Identifier]:
        """Distinct claims, the strongest kind first; within a kind as they came."""
        rank = {kind: place for place, kind in enumerate(self.priority)}
        return sorted(dict.fromkeys(claims), key=lambda claim: rank[claim.family])

    def refusal(self, held: set[Identifier], more: set[Identifier], *, explicit: bool = False) -> Refusal | None:
        """Why one profile may not have both sets of names, or None when it may; `explicit` by an alias."""
        if not explicit and _other_user(held, more):
            return "other_user"
        both = Counter(name.kind for name in held | more)
        # A profile that is over its limit already (the limit was lowered) keeps what it has.
        grown = {name.kind for name in more - held}
        if grown and both.total() > self.most:
            return "limit"
        exceeded = any(both[kind] > self.limits[Identifier(kind, "").family] for kind in grown)
        return "limit" if exceeded else None


def _other_user(held: set[Identifier], more: set[Identifier]) -> bool:
    mine, theirs = ({name for name in names if name.kind == USER_ID} for names in (held, more))
    return bool(mine and theirs - mine)
