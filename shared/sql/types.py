"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, DateTime, Dialect, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC. SQLite holds microseconds since 1970 as an integer, so that order is time order."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(DateTime(timezone=True) if dialect.name == "postgresql" else BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value.isoformat()}")
        return value if dialect.name == "postgresql" else to_microseconds(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if isinstance(value, datetime) else from_microseconds(value)


class Json(TypeDecorator[Any]):
    """A JSON document: JSONB on PostgreSQL, compact text on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(JSONB() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return None if value is None else msgspec.to_builtins(value, enc_hook=str)
        return msgspec.json.encode(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return msgspec.json.decode(value) if isinstance(value, str) and dialect.name != "postgresql" else value


class GivenJson(Json):
    """JSON that customers' senders chose. Its numbers are those that 64 bits hold, as they were when they came.

    PostgreSQL spells a float such as 1e22 out, and would give it back as an integer of 23 digits.
    """

    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        found = super().process_result_value(value, dialect)
        return _in_64_bits(found) if dialect.name == "postgresql" else found


def _in_64_bits(value: Any) -> Any:
    match value:
        case int() if not -(2**63) <= value < 2**64:
            return float(value)
        case list():
            return [_in_64_bits(each) for each in value]
        case dict():
            return {key: _in_64_bits(each) for key, each in value.items()}
        case _:
            return value


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_microseconds(value: datetime) -> int:
    """Whole microseconds since 1970-01-01 UTC, exact."""
    delta = value - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_microseconds(value: int) -> datetime:
    """The inverse of `to_microseconds`."""
    seconds, micros = divmod(value, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)
