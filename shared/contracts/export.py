"""`python -m shared.contracts.export [DIRECTORY]`: write every contract's JSON Schema, one file a CloudEvents type.

What would break a reader or writer of the schemas already in the directory is refused: it belongs into a V2.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec

from shared.contracts import register
from shared.contracts.compatibility import breaking_changes
from shared.contracts.contract import all_contracts

SCHEMAS = Path(__file__).parent / "schemas"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each contract in the code, by CloudEvents type."""
    assert register.__all__  # imported for what importing it registers
    return {name: _schema(name, contract) for name, contract in sorted(all_contracts().items())}


def load(directory: Path = SCHEMAS) -> dict[str, dict[str, Any]]:
    """The schemas kept in a directory, by CloudEvents type."""
    return {file.stem: json.loads(file.read_text("utf-8")) for file in sorted(directory.glob("*.json"))}


def broken_promises(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> list[str]:
    """What of `before` no longer holds in `after`, a sentence each."""
    gone = [f"{name} is gone" for name in before if name not in after]
    changed = [
        f"{name}{path}" for name in before if name in after for path in breaking_changes(before[name], after[name])
    ]
    return gone + changed


def export(directory: Path) -> list[str]:
    """Write the schemas into `directory`; or write nothing, and return what the change would break."""
    current = schemas()
    if broken := broken_promises(load(directory), current):
        return broken
    directory.mkdir(parents=True, exist_ok=True)
    for name, schema in current.items():
        text = json.dumps(schema, indent=2, ensure_ascii=False)
        (directory / f"{name}.json").write_text(f"{text}\n", "utf-8")
    return []


def _schema(name: str, contract: type[Any]) -> dict[str, Any]:
    document = json.loads(msgspec.json.encode(msgspec.json.schema(contract)))  # tuples in it become arrays
    reference = document.pop("$ref").rpartition("/")[2]
    body = document["$defs"].pop(reference)
    for described in (body, *document["$defs"].values()):
        if "description" in described:
            described["description"] = cleandoc(described["description"])
    return {"$schema": _DIALECT, "$id": f"urn:rapport:contract:{name}", **body, **document}


def main(arguments: Sequence[str] | None = None) -> int:
    """Export; 1 with the reasons when that would break a promise."""
    parser = argparse.ArgumentParser(prog="python -m shared.contracts.export", description=__doc__)
    parser.add_argument("directory", type=Path, nargs="?", default=SCHEMAS)
    broken = export(parser.parse_args(arguments).directory)
    for reason in broken:
        print(f"not compatible: {reason}", file=sys.stderr)  # noqa: T201 - a command's answer
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
