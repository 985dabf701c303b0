"""When a touchpoint happened, read from clocks that cannot be trusted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_MILLISECONDS_FROM = 100_000_000_000
"""Epoch numbers from here on (1973 in milliseconds, the year 5138 in seconds) are milliseconds."""
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_FUTURE_TOLERANCE = timedelta(minutes=5)
_NOTABLE_SKEW = timedelta(days=1)

IN_FUTURE = "timestamp-in-future"
IMPLAUSIBLE = "timestamp-implausible"
SKEWED = "clock-skewed"


def parse_time(value: str | int | float | None) -> datetime | None:
    """An ISO 8601 text, or seconds or milliseconds since 1970, as aware UTC; without a zone it is UTC; else None."""
    try:
        match value:
            case str():
                parsed = datetime.fromisoformat(value.strip())
                if parsed.tzinfo is UTC:
                    return parsed
                return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
            case int() | float():
                seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else value
                return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def occurred_at(
    *, original: datetime | None, sent: datetime | None, received: datetime
) -> tuple[datetime, tuple[str, ...]]:
    """The time at the customer, and what was wrong with what the client said.

    With `sent` the client's clock error is taken out: received - (sent - original). Without it `original` stands as it
    is, as historical imports mean it. What cannot have happened yet, or before 1900, happened when it was received.
    """
    if original is None:
        return received, ()
    flaws: tuple[str, ...] = ()
    if sent is None:
        happened = original
    else:
        if abs(received - sent) > _NOTABLE_SKEW:
            flaws = (SKEWED,)
        happened = _shifted(original, received - sent)
    if happened < _EARLIEST:
        return received, (*flaws, IMPLAUSIBLE)
    if happened > received:
        late = happened - received > _FUTURE_TOLERANCE
        return received, (*flaws, IN_FUTURE) if late else flaws
    return happened, flaws


def _shifted(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)
