"""kafka-python's errors, told in the bus's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kafka import errors

from shared.bus.ports import BusError, BusUnavailable, RecordTooLarge, UnknownTopic


def told(error: BaseException) -> BusError:
    """The bus's error for what went wrong."""
    if isinstance(error, BusError):
        return error
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, errors.MessageSizeTooLargeError | errors.RecordListTooLargeError):
        return RecordTooLarge(text)
    if isinstance(error, errors.UnknownTopicOrPartitionError | errors.InvalidTopicError):
        return UnknownTopic(text)
    return BusUnavailable(text)


@contextmanager
def telling() -> Iterator[None]:
    """Raise the bus's errors instead of kafka-python's."""
    try:
        yield
    except (errors.KafkaError, OSError) as error:
        raise told(error) from error
