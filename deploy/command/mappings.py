"""`rapport mappings`: what the columns of files mean, saved by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.command.failures import Refused
from deploy.command.options import Json, Key, Url, opened
from deploy.command.telling import tell

PATH = "/v1/import-mappings"
Name = Annotated[str, typer.Argument(help="the mapping's name", metavar="NAME")]

app = typer.Typer(help="Saved mappings: what the columns of files mean.", no_args_is_help=True)


@app.command("list")
def list_(url: Url, key: Key, as_json: Json = False) -> None:
    """The saved mappings."""
    with opened(url, key) as api:
        found = list(api.every(PATH))
    tell(found, as_json=as_json, lines=(f"{one['name']}  (version {one['version']})" for one in found))


@app.command()
def show(name: Name, url: Url, key: Key) -> None:
    """One mapping, as `save` takes it."""
    with opened(url, key) as api:
        found = api.get(f"{PATH}/{name}")
    tell({part: found[part] for part in ("mapping", "csv", "default_currency")}, as_json=True, lines=())


@app.command()
def save(
    name: Name,
    file: Annotated[Path, typer.Argument(help="JSON: {mapping, csv, default_currency}", metavar="FILE")],
    url: Url,
    key: Key,
    as_json: Json = False,
) -> None:
    """Save a mapping, or replace the one of this name."""
    wanted = _read(file)
    with opened(url, key) as api:
        etag = api.etag(f"{PATH}/{name}")
        if etag is None:
            saved = api.post(PATH, {**wanted, "name": name})
        else:
            saved = api.put(f"{PATH}/{name}", wanted, etag=etag)
    tell(saved, as_json=as_json, lines=[f"{saved['name']} is saved, version {saved['version']}"])


@app.command()
def delete(name: Name, url: Url, key: Key) -> None:
    """Delete a mapping; what was imported with it stays."""
    with opened(url, key) as api:
        api.delete(f"{PATH}/{name}")


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Refused(f"{file}: {error}") from error
    if not isinstance(found, dict):
        raise Refused(f"{file}: a JSON object is needed, with the field mapping")
    return found
