"""In which sealed bucket a message may be: what all their hashes begin with, in memory and in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import count
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_SLOT = np.uint64(0xFFFF)
"""The bits of an entry that stand for its bucket: enough for eight thousand million messages."""


class SealedPart(NamedTuple):
    """One sealing of one bucket. No other sealing ever has this `seal`, so that what was read by it stays true."""

    seal: str
    bucket: int


@dataclass(frozen=True, slots=True)
class Beginnings:
    """8 bytes a message, in ascending order: 48 bits of its hash, and a slot of 16 that stands for its bucket."""

    entries: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))
    slots: Mapping[int, SealedPart] = field(default_factory=dict)

    def candidates(self, ordered: Sequence[bytes]) -> dict[int, list[bytes]]:
        """By bucket, which of these hashes (16 bytes each, ascending) may be in it.

        All that are there, and of others one in 2**48 / messages.
        """
        starts = _starts(b"".join(ordered))[::2]
        first = np.searchsorted(self.entries, starts)
        behind = np.searchsorted(self.entries, starts | _SLOT, side="right")
        found: dict[int, list[bytes]] = defaultdict(list)
        for n in np.flatnonzero(behind > first).tolist():
            for slot in (self.entries[first[n] : behind[n]] & _SLOT).tolist():
                found[self.slots[slot].bucket].append(ordered[n])
        return found

    def following(self, sealed: AbstractSet[SealedPart], read: Callable[[SealedPart], bytes]) -> Beginnings:
        """Those of `sealed`; what is missing is read: the first 8 bytes of each hash, in any order."""
        kept = {slot: part for slot, part in self.slots.items() if part in sealed}
        new = dict(zip((slot for slot in count() if slot not in kept), sealed - set(kept.values()), strict=False))
        gone = np.array([slot for slot in self.slots if slot not in kept], np.uint64)
        if not new and not gone.size:
            return self
        left = self.entries[~np.isin(self.entries & _SLOT, gone)] if gone.size else self.entries
        entries = np.concatenate([left, *(_starts(read(part)) | np.uint64(slot) for slot, part in new.items())])
        entries.sort(kind="stable")  # merges runs that are in order
        return Beginnings(entries, kept | new)


class SealedMessages:
    """The beginnings that a process holds, which all of its transactions share. Safe to share between threads.

    They follow from what the database has, and each transaction brings them up to what it sees there, so that neither
    a rollback nor another process can make them miss a message.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._held = Beginnings()

    def as_of(self, sealed: AbstractSet[SealedPart], read: Callable[[SealedPart], bytes]) -> Beginnings:
        """The beginnings of exactly these buckets."""
        with self._lock:
            self._held = self._held.following(sealed, read)
            return self._held


def _starts(beginnings: bytes) -> NDArray[np.uint64]:
    """Each 8 bytes as a number, so that numbers are in the order of what they are made of; their slots are empty."""
    return np.frombuffer(beginnings, ">u8").astype(np.uint64) & ~_SLOT
