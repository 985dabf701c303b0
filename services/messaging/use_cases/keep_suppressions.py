"""Refusals and bounces that came another way than through our own letters, what was taken back, and whose it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.messaging.domain.errors import AddressRefused, SuppressionNotFound
from services.messaging.domain.unsubscribing import Owner, Suppression, SuppressionFilter, Unsubscribing
from services.messaging.use_cases.ports import Suppressions
from services.messaging.use_cases.tell_outcomes import CHANNEL
from shared.clock import Clock
from shared.contracts.messaging import ResubscribedV1, UnsubscribedV1

_NOT_FOUND = "marketing may go to this address already"


@dataclass(frozen=True, slots=True)
class KeepSuppressions:
    """What an operator may do with the list. Addresses are given in any spelling; AddressInvalid for what is none.

    What changes for a customer who is known here is told.
    """

    suppressions: Suppressions
    unsubscribing: Unsubscribing
    clock: Clock
    traceparent: str | None = None

    def add(self, addresses: Iterable[str]) -> tuple[int, int]:
        """Refuse marketing to all of them from now on; how many are new, and how many were refused before."""
        hashes, now = {self._hash(each) for each in addresses}, self.clock()
        added = self.suppressions.add_all(hashes, at=now)
        self.suppressions.tell(
            UnsubscribedV1(profile_id=owner.profile_id, channel=CHANNEL, at=now, traceparent=self.traceparent)
            for owner in self._owners(added)
        )
        return len(added), len(hashes) - len(added)

    def add_bounced(self, addresses: Iterable[str]) -> tuple[int, int]:
        """Send no marketing to these, which have no mailbox; how many are new, and how many were known before.

        Their customers refused nothing, so nothing is told of them.
        """
        hashes = {self._hash(each) for each in addresses}
        added = self.suppressions.add_bounced(dict.fromkeys(hashes), at=self.clock())
        return len(added), len(hashes) - len(added)

    def look_up(self, address: str) -> Suppression:
        """What is known of an address that gets no marketing. Raises SuppressionNotFound."""
        found = self.suppressions.find(self._hash(address))
        if found is None:
            raise SuppressionNotFound(_NOT_FOUND)
        return found

    def page(
        self, wanted: SuppressionFilter, *, after: tuple[datetime, str] | None, limit: int
    ) -> list[tuple[Suppression, Sequence[Owner]]]:
        """The newest behind `after`, each with the customers who have the address now."""
        found = self.suppressions.page(wanted, after=after, limit=limit)
        owners = self._owners({each.address_hash for each in found})
        return [(each, [one for one in owners if one.address_hash == each.address_hash]) for each in found]

    def withdraw(self, address: str) -> None:
        """Let marketing go to the address again, as its owner asked for. Raises SuppressionNotFound."""
        gone = self.suppressions.remove(self._hash(address))
        if gone is None:
            raise SuppressionNotFound(_NOT_FOUND)
        if gone.bounced:
            return
        now = self.clock()
        self.suppressions.tell(
            ResubscribedV1(profile_id=owner.profile_id, channel=CHANNEL, at=now, traceparent=self.traceparent)
            for owner in self._owners([gone.address_hash])
        )

    def ensure_open(self, address: str) -> None:
        """Raise AddressRefused where the address refused marketing, whoever it is that gives it."""
        found = self.suppressions.find(self._hash(address))
        if found is not None and not found.bounced:
            raise AddressRefused("this address refused marketing")

    def _owners(self, address_hashes: Collection[str]) -> list[Owner]:
        """Those whose address it is still: an older version that runs beside this one leaves the hash as it was."""
        found = self.suppressions.owners(address_hashes)
        return [owner for owner in found if self._hash(owner.address) == owner.address_hash]

    def _hash(self, address: str) -> str:
        return self.unsubscribing.address_hash(address)
