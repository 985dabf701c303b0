"""From rows to calls of the tracking API, a whole sheet at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import repeat
from typing import Any, NamedTuple

from services.events.domain.imports.cells import cell_text
from services.events.domain.imports.columns import Columns, ObjectReader, PartReader, currencies_of
from services.events.domain.imports.mapping import FileMapping
from services.events.domain.imports.message_ids import MessageIds, Occurrences
from services.events.domain.imports.people import named
from services.events.domain.imports.rows import BadRow, RowFlaw, Sheet
from services.events.domain.inbound.pointers import ABSENT
from services.events.domain.orders import order_status

_UNDATED = 0


class MadeCall(NamedTuple):
    """A call; `day` is that of its time (proleptic Gregorian ordinal), 0 without; its rows are `span` of a sheet."""

    message_id: str
    day: int
    body: dict[str, Any]
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a sheet."""

    calls: Sequence[MadeCall]
    bad: Sequence[BadRow]


class CallMaker:
    """Makes calls of the rows of one file. `now` bounds the times that can be true."""

    def __init__(self, mapping: FileMapping, header: Sequence[str], *, now: datetime, occurrences: Occurrences) -> None:
        self._mapping = mapping
        self._places = {name: place for place, name in enumerate(header)}
        self._message_ids = MessageIds(mapping, occurrences)
        self._targets = {name: PartReader(part, names_something=True) for name, part in mapping.targets.items()}
        self._moment = PartReader(mapping.timestamp, moment_until=now) if mapping.timestamp is not None else None
        self._properties, self._traits = ObjectReader(mapping.properties), ObjectReader(mapping.traits)

    def pass_over(self, sheet: Sheet) -> None:
        """Count rows that were made calls of before, so that later ones like them are told apart."""
        self._message_ids.pass_over(sheet)

    def make(self, sheet: Sheet) -> Made:
        """The calls of a sheet; of a group with a bad row there is none."""
        columns = Columns(self._places, sheet)
        spans = sheet.spans if sheet.spans is not None else [(row, row + 1) for row in range(columns.size)]
        heads = range(columns.size) if sheet.spans is None else [start for start, _ in spans]
        self._require(columns)
        bodies = self._bodies(columns, spans, heads)
        message_ids = self._message_ids.of(columns, sheet, heads)
        refused = columns.refused
        if not refused:
            calls = list(map(_made, message_ids, bodies, spans))
            return Made(calls, ())
        calls = [
            _made(message_id, body, span)
            for message_id, body, span in zip(message_ids, bodies, spans, strict=True)
            if not any(row in refused for row in range(*span))
        ]
        return Made(calls, list(_bad_rows(sheet, spans, refused)))

    def _require(self, columns: Columns) -> None:
        mapping = self._mapping
        for name in dict.fromkeys((*mapping.required, *mapping.group_by, *mapping.message_key)):
            cells = columns.cells(name)
            empty = {cell for cell in set(cells) if not cell_text(cell)}
            for row in [row for row, cell in enumerate(cells) if cell in empty] if empty else ():
                columns.refuse(row, name, "the cell is empty; the mapping requires it")

    def _bodies(
        self, columns: Columns, spans: Sequence[tuple[int, int]], heads: Sequence[int]
    ) -> Iterator[dict[str, Any]]:
        currencies = [
            one or self._mapping.default_currency
            for one in currencies_of(self._mapping.properties.get("currency"), columns, heads)
        ]
        kind = self._mapping.kind
        events: Any = self._texts("event", columns, heads) if kind == "track" else repeat(ABSENT)
        if kind == "track":
            self._demand(columns, heads, events)
        whom = self._whom(columns, heads)
        moments = self._moment.read(columns, heads, currencies) if self._moment else repeat(ABSENT)
        channels = self._texts("channel", columns, heads)
        properties = self._properties.read(columns, spans, heads, currencies)
        traits = self._traits.read(columns, spans, heads, currencies)
        if kind == "track" and self._mapping.default_currency is not None:
            self._name_currency(list(events), properties)
        bodies = zip(whom, events, moments, channels, properties, traits, strict=False)
        return (_body(kind, parts) for parts in bodies)

    def _name_currency(self, events: Sequence[object], properties: Sequence[dict[str, object]]) -> None:
        """Orders without a currency are in the mapping's."""
        for event, stated in zip(events, properties, strict=True):
            if isinstance(event, str) and _is_order(event):
                stated.setdefault("currency", self._mapping.default_currency)

    def _texts(self, target: str, columns: Columns, heads: Sequence[int]) -> Any:
        """What a target says for each call."""
        reader = self._targets.get(target)
        if reader is None:
            return repeat(ABSENT)
        return reader.read(columns, heads, ())

    def _demand(self, columns: Columns, heads: Sequence[int], events: Any) -> None:
        for head, event in zip(heads, events, strict=False):
            if event is ABSENT:
                columns.refuse(head, None, "nothing names the event")

    def _whom(self, columns: Columns, heads: Sequence[int]) -> list[dict[str, Any]]:
        names = ("user_id", "anonymous_id", "email", "phone")
        told = zip(*(self._texts(name, columns, heads) for name in names), strict=False)
        return [named(columns, head, each) for head, each in zip(heads, told, strict=False)]


def _made(message_id: str, body: dict[str, Any], span: tuple[int, int]) -> MadeCall:
    body["messageId"] = message_id
    moment = body.get("timestamp")
    return MadeCall(message_id, _UNDATED if moment is None else _day(moment[:10]), body, span)


_Parts = tuple[dict[str, Any], object, object, object, dict[str, object], dict[str, object]]
"""Of one call: whom, event, time, channel, properties and traits."""


def _body(kind: str, parts: _Parts) -> dict[str, Any]:
    whom, event, moment, channel, properties, traits = parts
    address = whom.pop("email", None)
    body: dict[str, Any] = {"type": kind, **whom}
    if moment is not ABSENT:
        body["timestamp"] = moment
    if channel is not ABSENT:
        body["channel"] = channel
    if kind == "track":
        body["event"], body["properties"] = event, properties
        return body
    if address is not None:
        traits.setdefault("email", address)
    body["traits"] = traits
    return body


def _bad_rows(
    sheet: Sheet, spans: Sequence[tuple[int, int]], refused: Mapping[int, Sequence[tuple[str | None, str]]]
) -> Iterator[BadRow]:
    """Every row of a group of which one is bad, so that it can be mended and sent again as a whole."""
    for span in spans:
        flaws = tuple(
            RowFlaw(sheet.numbers[row], column, reason)
            for row in range(*span)
            for column, reason in refused.get(row, ())
        )
        if flaws:
            yield from (BadRow(sheet.numbers[row], sheet.rows[row], flaws) for row in range(*span))


def refused_call(sheet: Sheet, call: MadeCall, reason: str) -> list[BadRow]:
    """The rows of a call that cannot be taken as a whole."""
    flaws = (RowFlaw(sheet.numbers[call.span[0]], None, reason),)
    return [BadRow(sheet.numbers[row], sheet.rows[row], flaws) for row in range(*call.span)]


@lru_cache(maxsize=512)
def _is_order(event: str) -> bool:
    return order_status(event) is not None


@lru_cache(maxsize=4096)
def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal()
