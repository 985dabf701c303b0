"""Taking many things a few at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of `size`, the last with what is left; the itertools.batched of Python 3.12."""
    pending = iter(items)
    while batch := list(islice(pending, size)):
        yield batch
