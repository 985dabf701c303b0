"""The form every contract has, and the register that finds one by its CloudEvents type."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, ClassVar, TypeVar

import msgspec

Time = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment with its zone; a record whose time has none is malformed."""


class Contract(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A fact on the bus. Subclasses name their CloudEvents `event_type` and the topic they travel on."""

    event_type: ClassVar[str]
    topic: ClassVar[str]

    traceparent: str | None = None
    """W3C Trace Context of the request that caused it; facts derived from a fact pass it on."""

    @property
    def bus_key(self) -> str:
        """The key that keeps one customer's records in order."""
        raise TypeError(f"{type(self).__name__} must say which key it is ordered by")


_TRACE = re.compile(rb'\{"traceparent":"[^"]*",?')


def without_trace(data: bytes) -> bytes:
    """The JSON of a fact as those see it who are not of the suite: how a request was traced is none of their business.

    The trace is the first field of whatever an encoder makes of a contract, so that nothing behind it is read.
    """
    trace = _TRACE.match(data)
    return b"{" + data[trace.end() :] if trace else data


C = TypeVar("C", bound=type[Contract])
_BY_TYPE: dict[str, type[Contract]] = {}


def contract(cls: C) -> C:
    """Register a contract under its type; two of one type are a programming error."""
    if cls.event_type in _BY_TYPE:
        raise ValueError(f"two contracts claim the type {cls.event_type}")
    _BY_TYPE[cls.event_type] = cls
    return cls


def contract_for(event_type: str) -> type[Contract] | None:
    """The contract of a CloudEvents type, or None for a type this version does not know."""
    return _BY_TYPE.get(event_type)


def all_contracts() -> dict[str, type[Contract]]:
    """Every registered contract by type; import `shared.contracts.register` first."""
    return dict(_BY_TYPE)
