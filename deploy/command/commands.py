"""`rapport`: its commands, and how each ends."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from deploy.command import imports, mappings
from deploy.command.failures import SOME_ROWS_REFUSED, Ended, Failure
from deploy.command.importing import first_refusals, import_file, send, shown, try_file
from deploy.command.options import Json, Key, Url, opened
from deploy.command.telling import tell, told_import, told_trial

app = typer.Typer(
    name="rapport",
    help="Brings files of touchpoints into Rapport, over the HTTP API of its events service.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(mappings.app, name="mappings")
app.add_typer(imports.app, name="imports")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="a .csv, .csv.gz or .parquet file", metavar="FILE")],
    mapping: Annotated[str, typer.Option("--mapping", "-m", help="the name of a saved mapping")],
    url: Url,
    key: Key,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would be imported, and import nothing")] = False,
    rows: Annotated[int, typer.Option(min=1, max=100_000, help="how many rows a dry run reads")] = 10_000,
    errors: Annotated[Path | None, typer.Option(help="write refused rows to this CSV file")] = None,
    as_json: Json = False,
) -> None:
    """Import a file. Importing the same file again makes nothing new. Exits with 1 if rows were refused."""
    refusals: list[tuple[str, str]] = []
    with opened(url, key) as api, shown() as progress:
        sent = send(api, file, progress)
        if dry_run:
            outcome: Any = try_file(api, sent["id"], mapping, rows=rows)
            api.delete(f"/v1/import-files/{sent['id']}")
        else:
            outcome = import_file(api, sent["id"], mapping, progress)
            refusals = first_refusals(api, outcome) if outcome["failed"] and not as_json else []
            if errors is not None and outcome["failed"]:
                errors.write_bytes(api.text(f"/v1/imports/{outcome['id']}/errors"))
    lines = told_trial(outcome) if dry_run else told_import(outcome, refusals)
    tell(outcome, as_json=as_json, lines=lines)
    if not dry_run and outcome["state"] != "completed":
        raise Ended(f"the import {outcome['state']}: {outcome['reason'] or 'somebody cancelled it'}")
    if outcome["failed"]:
        raise typer.Exit(SOME_ROWS_REFUSED)


def run(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code. What goes wrong is one line on standard error."""
    try:
        app(arguments)
    except Failure as failure:
        sys.stderr.write(f"rapport: {failure}\n")
        return failure.exit_code
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    return 0
