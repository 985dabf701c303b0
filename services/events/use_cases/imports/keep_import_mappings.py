"""Keeping import mappings: what the columns of a kind of file mean, saved by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID, uuid5

from services.events.domain.imports.errors import TooManyImports
from services.events.use_cases.imports.ports import CsvForm, Document, ImportMapping
from shared.clock import Clock
from shared.versions import check_seen

MAX_MAPPINGS = 1_000
_NAMES = UUID("5d0f4a52-8f1b-4c8e-9a5e-3b7c1f60d2aa")
"""A name gives the same id wherever and whenever: a mapping that is made anew goes on with what it imported before."""


class ImportMappings(Protocol):
    """Import mappings, in the caller's transaction."""

    def add(self, mapping: ImportMapping) -> None:
        """Keep a new mapping. Raises ImportMappingTaken."""
        ...

    def count(self) -> int:
        """How many there are."""
        ...

    def get(self, name: str, *, lock: bool = False) -> ImportMapping:
        """One mapping, held until the transaction ends with `lock`. Raises ImportMappingNotFound."""
        ...

    def replace(self, mapping: ImportMapping) -> None:
        """Put a mapping in the place of its former self."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedMapping:
    """What may be changed of a mapping."""

    document: Document
    csv: CsvForm
    default_currency: str | None


def create_import_mapping(mappings: ImportMappings, name: str, wanted: WantedMapping, *, clock: Clock) -> ImportMapping:
    """A new mapping. Raises ImportMappingTaken or TooManyImports."""
    if mappings.count() >= MAX_MAPPINGS:
        raise TooManyImports(f"there are {MAX_MAPPINGS} import mappings; delete one first")
    mapping = described(name, wanted, clock=clock)
    mappings.add(mapping)
    return mapping


def described(name: str, wanted: WantedMapping, *, clock: Clock) -> ImportMapping:
    """A mapping that is not kept."""
    now = clock()
    return ImportMapping(
        id=str(uuid5(_NAMES, name)),
        name=name,
        document=wanted.document,
        csv=wanted.csv,
        default_currency=wanted.default_currency,
        created_at=now,
        updated_at=now,
        version=1,
    )


def change_import_mapping(
    mappings: ImportMappings, name: str, wanted: WantedMapping, *, seen: int | None, clock: Clock
) -> ImportMapping:
    """Replace a mapping; imports that were asked for before keep the former one.

    Raises ImportMappingNotFound, or VersionConflict when the version is not the one `seen`.
    """
    before = mappings.get(name, lock=True)
    check_seen(seen, current=before.version)
    after = replace(
        before,
        document=wanted.document,
        csv=wanted.csv,
        default_currency=wanted.default_currency,
        updated_at=clock(),
        version=before.version + 1,
    )
    mappings.replace(after)
    return after
