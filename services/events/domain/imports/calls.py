"""From rows to calls of the tracking API, a whole sheet at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from hashlib import blake2b
from itertools import repeat
from typing import Any, NamedTuple

from services.events.domain.imports.cells import cell_text
from services.events.domain.imports.columns import Columns, ObjectReader, PartReader, currencies_of
from services.events.domain.imports.mapping import FileMapping
from services.events.domain.imports.rows import BadRow, RowFlaw, Sheet
from services.events.domain.inbound.pointers import ABSENT
from services.events.domain.orders import order_status
from services.events.domain.subjects import MAX_ID_LENGTH, address_of, id_behind

_LONGEST_MESSAGE_ID = 100
_PHONE = re.compile(r"\+?[\d\s().-]{5,30}")
_UNDATED = 0
_SEPARATOR = "\x1f"

Occurrences = Callable[[Sequence[bytes]], Sequence[int]]
"""How many rows of the same digest stood in the file before, for each of these in order."""


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
        self._occurrences = occurrences
        self._targets = {name: PartReader(part, names_something=True) for name, part in mapping.targets.items()}
        self._message_id = (
            PartReader(mapping.message_id, names_something=True) if mapping.message_id is not None else None
        )
        self._moment = PartReader(mapping.timestamp, moment_until=now) if mapping.timestamp is not None else None
        self._properties, self._traits = ObjectReader(mapping.properties), ObjectReader(mapping.traits)
        self._by_content = mapping.message_id is None and not mapping.message_key

    def pass_over(self, sheet: Sheet) -> None:
        """Count rows that were made calls of before, so that later ones like them are told apart."""
        if self._by_content:
            self._occurrences([_digest(row) for row in sheet.rows])

    def make(self, sheet: Sheet) -> Made:
        """The calls of a sheet; of a group with a bad row there is none."""
        columns = Columns(self._places, sheet)
        spans = sheet.spans if sheet.spans is not None else [(row, row + 1) for row in range(columns.size)]
        heads = range(columns.size) if sheet.spans is None else [start for start, _ in spans]
        self._require(columns)
        bodies = self._bodies(columns, spans, heads)
        message_ids = self._message_ids(columns, sheet, heads)
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
        return [_who(columns, head, each) for head, each in zip(heads, told, strict=False)]

    def _message_ids(self, columns: Columns, sheet: Sheet, heads: Sequence[int]) -> Sequence[str]:
        if self._by_content:
            digests = [_digest(row) for row in sheet.rows]
            counts = self._occurrences(digests)
            return [f"row:{digest.hex()}:{count}" for digest, count in zip(digests, counts, strict=True)]
        if self._message_id is None:
            keys = [columns.cells(name) for name in self._mapping.message_key]
            texts = (_SEPARATOR.join([cell_text(column[head]) for column in keys]) for head in heads)
            return [f"key:{_hashed(text)}" for text in texts]
        found = self._message_id.read(columns, heads, ())
        for head, value in zip(heads, found, strict=True):
            if value is ABSENT:
                columns.refuse(head, None, "message_id is empty")
        return [v if len(v) <= _LONGEST_MESSAGE_ID else f"id:{_hashed(v)}" for v in map(_stated, found)]


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


def _who(columns: Columns, head: int, names: tuple[object, object, object, object]) -> dict[str, Any]:
    """The ids; an address or a telephone is a name too, and stands behind a hash where nothing else names anybody."""
    user_id, anonymous_id, email, phone = names
    named: dict[str, Any] = {}
    if user_id is not ABSENT:
        named["userId"] = user_id
    if anonymous_id is not ABSENT:
        named["anonymousId"] = anonymous_id
    if any(len(name) > MAX_ID_LENGTH for name in named.values()):
        columns.refuse(head, None, f"an identifier is longer than {MAX_ID_LENGTH} characters")
    others = list(_other_names(columns, head, email, phone))
    if others:
        named["context"] = {"externalIds": [{"type": k, "id": v, "collection": "users"} for k, v in others]}
        if others[0][0] == "email":
            named["email"] = others[0][1]
        if user_id is ABSENT and anonymous_id is ABSENT:
            named["anonymousId"] = id_behind(*others[0])
    elif not named and head not in columns.refused:
        columns.refuse(head, None, "nobody is named: user_id, anonymous_id, email and phone are empty")
    return named


def _other_names(columns: Columns, head: int, email: object, phone: object) -> Iterator[tuple[str, str]]:
    if isinstance(email, str):
        address = address_of(email)
        if address is None:
            columns.refuse(head, None, f"{email[:60]!r} is no e-mail address")
        else:
            yield "email", address
    if isinstance(phone, str):
        if _PHONE.fullmatch(phone):
            yield "phone", phone
        else:
            columns.refuse(head, None, f"{phone[:60]!r} is no telephone number, such as +886 2 2345 6789")


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


def group_keys(mapping: FileMapping, header: Sequence[str], sheet: Sheet) -> list[str]:
    """What the rows of one group agree in, for each row."""
    places = [header.index(name) for name in mapping.group_by]
    return [_SEPARATOR.join([cell_text(row[place]) for place in places]) for row in sheet.rows]


def _digest(row: Sequence[Any]) -> bytes:
    return blake2b(_SEPARATOR.join(map(str, row)).encode(), digest_size=16).digest()


def _hashed(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _stated(value: object) -> str:
    return value if isinstance(value, str) else ""


@lru_cache(maxsize=512)
def _is_order(event: str) -> bool:
    return order_status(event) is not None


@lru_cache(maxsize=4096)
def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal()
