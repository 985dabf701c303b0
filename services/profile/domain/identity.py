"""Identity resolution: from the names one event carries to the one profile they belong to.

Promises (tests/unit/profile holds each with generated histories):

- a name belongs to at most one profile; nothing ever loses a name; a tie applied twice changes nothing the second time;
- as long as no tie is refused, profiles are the connected components of the ties, in whatever order they arrive;
- the survivor of a merge is the profile with the lesser id, which is the older one, and what came from whom is kept.

A refused tie is decided by arrival: the name stays with the profile that had it first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.profile.domain.founding import founded_id
from services.profile.domain.identifiers import USER_ID, Identifier
from services.profile.domain.protection import MergePolicy, Refusal


@dataclass(slots=True)
class Identity:
    """A profile as far as identity is concerned."""

    profile_id: str
    created_at: datetime
    names: set[Identifier] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Tie:
    """Names that one event says are the same customer's; `aliases` are the user ids that it says outright are one."""

    claims: tuple[Identifier, ...]
    touchpoint_id: str
    aliases: frozenset[Identifier] = frozenset()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A name given to a profile that nobody had before."""

    profile_id: str
    name: Identifier
    touchpoint_id: str


@dataclass(frozen=True, slots=True)
class Merge:
    """Two profiles turned out to be one customer; `names` are those that came from the merged one."""

    survivor_id: str
    merged_id: str
    names: frozenset[Identifier]
    tied_by: Identifier
    touchpoint_id: str


@dataclass(frozen=True, slots=True)
class RefusedTie:
    """A name that stayed with `owner_id` (None: with nobody) although `profile_id` claimed it."""

    name: Identifier
    owner_id: str | None
    profile_id: str
    reason: Refusal
    touchpoint_id: str


class IdentityGraph:
    """The identities that a batch of events touches, and what the batch makes of them."""

    def __init__(
        self,
        known: Iterable[Identity],
        *,
        policy: MergePolicy,
        now: datetime,
        id_of: Callable[[str], str] = founded_id,
    ) -> None:
        self._policy = policy
        self._id_of = id_of
        self._now = now
        self._identities = {identity.profile_id: identity for identity in known}
        self._owners = {name: identity for identity in self._identities.values() for name in identity.names}
        self._survivors: dict[str, str] = {}
        self.created: list[Identity] = []
        self.attachments: list[Attachment] = []
        self.merges: list[Merge] = []
        self.refused: list[RefusedTie] = []

    def resolve(self, tie: Tie) -> str:
        """The profile of the tie's names, created or merged as needed. Raises ValueError without any name."""
        claims = self._policy.in_order(tie.claims)
        if not claims:
            raise ValueError("a tie without names is nobody's")
        target = self._target(claims) or self._create(tie)
        for name in claims:
            target = self._claim(target, name, tie)
        return target.profile_id

    def attach(self, profile_id: str, name: Identifier, touchpoint_id: str) -> bool:
        """Give a name to a profile if nobody has it and it may have it; never merges. Whether the profile has it now.

        Raises KeyError for a profile that is not in the graph.
        """
        target = self._identities[profile_id]
        if name not in self._owners and self._policy.refusal(target.names, {name}) is None:
            self._attach(target, name, touchpoint_id)
        return self._owners.get(name) is target

    def survivor_of(self, profile_id: str) -> str:
        """The profile that `profile_id` lives on as, itself when it was not merged."""
        while profile_id in self._survivors:
            profile_id = self._survivors[profile_id]
        return profile_id

    def names_of(self, profile_id: str) -> frozenset[Identifier]:
        """Every name of a profile that still stands."""
        return frozenset(self._identities[profile_id].names)

    def _target(self, claims: Sequence[Identifier]) -> Identity | None:
        """The owner of the strongest name, passing over profiles of another user."""
        users = {name for name in claims if name.kind == USER_ID}
        owners = (self._owners.get(name) for name in claims)
        suitable = (
            owner
            for owner in owners
            if owner is not None and (users & owner.names or not self._policy.refusal(owner.names, users))
        )
        return next(suitable, None)

    def _create(self, tie: Tie) -> Identity:
        identity = Identity(self._id_of(tie.touchpoint_id), self._now)
        self._identities[identity.profile_id] = identity
        self.created.append(identity)
        return identity

    def _claim(self, target: Identity, name: Identifier, tie: Tie) -> Identity:
        owner = self._owners.get(name)
        if owner is target:
            return target
        theirs = {name} if owner is None else owner.names
        reason = self._policy.refusal(target.names, theirs, explicit=name in tie.aliases)
        if reason is not None:
            owner_id = owner.profile_id if owner is not None else None
            self.refused.append(RefusedTie(name, owner_id, target.profile_id, reason, tie.touchpoint_id))
            return target
        if owner is None:
            return self._attach(target, name, tie.touchpoint_id)
        return self._merge(target, owner, name, tie)

    def _attach(self, target: Identity, name: Identifier, touchpoint_id: str) -> Identity:
        target.names.add(name)
        self._owners[name] = target
        self.attachments.append(Attachment(target.profile_id, name, touchpoint_id))
        return target

    def _merge(self, one: Identity, other: Identity, name: Identifier, tie: Tie) -> Identity:
        survivor, merged = sorted((one, other), key=lambda each: each.profile_id)
        names = frozenset(merged.names)
        self.merges.append(Merge(survivor.profile_id, merged.profile_id, names, name, tie.touchpoint_id))
        self._survivors[merged.profile_id] = survivor.profile_id
        survivor.names |= names
        self._owners.update(dict.fromkeys(names, survivor))
        del self._identities[merged.profile_id]
        return survivor
