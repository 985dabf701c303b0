"""What a change of a contract's JSON Schema would break.

Records live for days in the log and both ends are deployed at different times, so a change must suit both: a reader
of yesterday meets facts of today, and a reader of today meets facts of yesterday. Adding an optional field does;
everything else is told here, and belongs into a V2 beside V1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
_SAYS_NOTHING = frozenset(
    {"title", "description", "$defs", "properties", "required", "default", "items", "prefixItems"}
)


def breaking_changes(before: Schema, after: Schema) -> list[str]:
    """Each incompatible difference in a sentence, with the path of the field; empty when there is none."""
    return list(_Comparison(before, after).differences("", before, after))


@dataclass(frozen=True)
class _Comparison:
    before: Schema
    after: Schema

    def differences(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        old, new = _resolved(self.before, old), _resolved(self.after, new)
        if _kind(self.before, old) != _kind(self.after, new):
            yield f"{path or '/'} was {_kind(self.before, old)} and became {_kind(self.after, new)}"
            return
        yield from self._fields(path, old, new)
        for part in ("items", "additionalProperties"):
            if isinstance(old.get(part), Mapping) and isinstance(new.get(part), Mapping):
                yield from self.differences(f"{path}/{part}", old[part], new[part])
        for number, (one, other) in enumerate(zip(old.get("anyOf", ()), new.get("anyOf", ()), strict=False)):
            yield from self.differences(f"{path}/anyOf/{number}", one, other)

    def _fields(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        had, has = old.get("properties", {}), new.get("properties", {})
        needed, needs = set(old.get("required", ())), set(new.get("required", ()))
        for name in had:
            place = f"{path}/{name}"
            if name not in has:
                yield f"{place} is gone"
                continue
            if (name in needed) != (name in needs):
                yield f"{place} became {'required' if name in needs else 'optional'}"
            elif had[name].get("default") != has[name].get("default"):
                yield f"{place} means {has[name].get('default')!r} where it is absent, not {had[name].get('default')!r}"
            yield from self.differences(place, had[name], has[name])
        for name in sorted(needs - set(had)):
            yield f"{path}/{name} is new and required"


def _resolved(document: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = document["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def _kind(document: Schema, schema: Schema) -> str:
    """What a value may be, without looking into its fields."""
    schema = _resolved(document, schema)
    if "anyOf" in schema:
        return " or ".join(_kind(document, choice) for choice in schema["anyOf"])
    words = []
    for key, value in sorted(schema.items()):
        if key not in _SAYS_NOTHING:
            words.append(f"{key} of fields" if isinstance(value, Mapping) else f"{key} {value}")
    return ", ".join(words) or "anything"
