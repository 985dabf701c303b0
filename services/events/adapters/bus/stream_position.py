"""A place in the stream of all public facts: an offset for each partition, written as one short text."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from shared.bus.ports import Partition, Positions
from shared.contracts.topics import PUBLIC

_PLACES: tuple[Partition, ...] = tuple((t.name, number) for t in PUBLIC for number in range(t.partitions))


class InvalidPosition(ValueError):
    """The text is no position of this stream."""


@dataclass(frozen=True, slots=True)
class StreamPosition:
    """Behind everything before `positions`, and behind the first `number` facts of the record at `place`."""

    positions: Mapping[Partition, int]
    place: Partition | None = None
    number: int = 0

    @classmethod
    def parse(cls, text: str) -> StreamPosition:
        """Read what `str` wrote. Raises InvalidPosition."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            offsets, place, number = msgspec.msgpack.decode(raw, type=tuple[list[int], int, int])
        except (binascii.Error, msgspec.MsgspecError, ValueError) as error:
            raise InvalidPosition("not an id of this stream") from error
        if len(offsets) != len(_PLACES) or not -1 <= place < len(_PLACES) or min(number, *offsets) < 0:
            raise InvalidPosition("not an id of this stream")
        return cls(dict(zip(_PLACES, offsets, strict=True)), _PLACES[place] if place >= 0 else None, number)

    def __str__(self) -> str:
        offsets = [self.positions.get(place, 0) for place in _PLACES]
        place = _PLACES.index(self.place) if self.place else -1
        return base64.urlsafe_b64encode(msgspec.msgpack.encode((offsets, place, self.number))).rstrip(b"=").decode()

    def within(self, place: Partition, number: int) -> StreamPosition:
        """The position behind the first `number` facts of the record that is next at `place`."""
        return StreamPosition(self.positions, place, number)

    def skips(self, place: Partition, offset: int) -> int:
        """How many facts of the record at `offset` were told before."""
        return self.number if place == self.place and self.positions.get(place) == offset else 0

    def is_before(self, ends: Positions) -> bool:
        """Whether anything lies between this position and `ends`."""
        return any(self.positions.get(place, 0) < end for place, end in ends.items())
