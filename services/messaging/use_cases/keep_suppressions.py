"""Refusals that came another way than by one click, and refusals that were taken back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.messaging.domain.errors import SuppressionNotFound
from services.messaging.domain.unsubscribing import Suppression, Unsubscribing
from services.messaging.use_cases.ports import Suppressions
from shared.clock import Clock


@dataclass(frozen=True, slots=True)
class KeepSuppressions:
    """What an operator may do with the list. Addresses are given in any spelling; AddressInvalid for what is none."""

    suppressions: Suppressions
    unsubscribing: Unsubscribing

    def add(self, addresses: Iterable[str], *, clock: Clock) -> tuple[int, int]:
        """Refuse marketing to all of them from now on; how many are new, and how many were refused before."""
        hashes = {self._hash(each) for each in addresses}
        added = self.suppressions.add_all(hashes, at=clock())
        return added, len(hashes) - added

    def look_up(self, address: str) -> Suppression:
        """What is known of a refusal. Raises SuppressionNotFound."""
        found = self.suppressions.find(self._hash(address))
        if found is None:
            raise SuppressionNotFound("this address refused nothing")
        return found

    def withdraw(self, address: str) -> None:
        """Let marketing go to the address again, as its owner asked for. Raises SuppressionNotFound."""
        if not self.suppressions.remove(self._hash(address)):
            raise SuppressionNotFound("this address refused nothing")

    def _hash(self, address: str) -> str:
        return self.unsubscribing.address_hash(address)
