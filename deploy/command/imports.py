"""`rapport imports`: what became of imports."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.command.options import Json, Key, Url, opened
from deploy.command.telling import tell, told_import

PATH = "/v1/imports"
Id = Annotated[str, typer.Argument(help="the import's id", metavar="ID")]

app = typer.Typer(help="Imports, and what became of them.", no_args_is_help=True)


@app.command("list")
def list_(url: Url, key: Key, as_json: Json = False) -> None:
    """The newest imports."""
    with opened(url, key) as api:
        found = api.get(PATH, limit=50)["data"]
    tell(found, as_json=as_json, lines=(next(told_import(job)) for job in found))


@app.command()
def show(import_id: Id, url: Url, key: Key, as_json: Json = False) -> None:
    """One import, and how far it has come."""
    with opened(url, key) as api:
        job = api.get(f"{PATH}/{import_id}")
    tell(job, as_json=as_json, lines=told_import(job))


@app.command()
def cancel(import_id: Id, url: Url, key: Key, as_json: Json = False) -> None:
    """End an import; what it brought stays."""
    with opened(url, key) as api:
        job = api.post(f"{PATH}/{import_id}/cancel")
    tell(job, as_json=as_json, lines=told_import(job))


@app.command()
def errors(
    import_id: Id,
    url: Url,
    key: Key,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="a file instead of standard output")] = None,
) -> None:
    """The refused rows as CSV, to be mended and imported."""
    with opened(url, key) as api:
        content = api.text(f"{PATH}/{import_id}/errors")
    if output is not None:
        output.write_bytes(content)
    else:
        sys.stdout.buffer.write(content)
