"""From a file here to touchpoints there: sent, tried or imported, with a progress bar where somebody looks."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from deploy.command.api import Api
from deploy.command.failures import Interrupted, Refused, Unreachable

_LOOK_EVERY_S = 0.3
_LOOKED_AT_BYTES = 64 * 1024
_UNDER_WAY = frozenset({"queued", "running"})
_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".tsv": "text/csv",
    ".txt": "text/csv",
    ".gz": "application/gzip",
    ".parquet": "application/vnd.apache.parquet",
}


@contextmanager
def shown() -> Iterator[Progress]:
    """Bars on standard error, or nothing where that is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield progress


def send(api: Api, file: Path, progress: Progress) -> Any:
    """Upload a file."""
    media_type = _MEDIA_TYPES.get(file.suffix.lower())
    if file.is_dir():
        raise Refused(f"{file}: that is a folder")
    if media_type is None:
        known = ", ".join(_MEDIA_TYPES)
        raise Refused(f"{file.name}: its name ends like none of {known}; a spreadsheet is saved as CSV first")
    if not file.is_file():
        raise Refused(f"{file}: there is no such file")
    bar = progress.add_task("sending  ", total=max(1, file.stat().st_size))
    try:
        return api.upload(
            "/v1/import-files", file, media_type=media_type, sent=lambda done: progress.update(bar, completed=done)
        )
    except KeyboardInterrupt as error:
        raise Interrupted(f"{file.name} was not sent to its end; nothing of it is imported") from error


def try_file(api: Api, file_id: str, mapping: str, *, rows: int) -> Any:
    """What the first rows would become."""
    return api.post(f"/v1/import-files/{file_id}/dry-run", {"mapping": mapping, "rows": rows})


def first_refusals(api: Api, job: Any) -> list[tuple[str, str]]:
    """Rows that an import refused first, each with what is wrong with it."""
    content = api.beginning(f"/v1/imports/{job['id']}/errors", most=_LOOKED_AT_BYTES)
    text = content.decode("utf-8-sig", "ignore")
    delimiter = text.partition("rapport_error")[0][-1:] or ","
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))[1:]
    whole = rows if len(content) < _LOOKED_AT_BYTES else rows[:-1]
    return [(row[-2], row[-1]) for row in whole]


def import_file(api: Api, file_id: str, mapping: str, progress: Progress) -> Any:
    """Import an uploaded file, and wait for its end."""
    try:
        job = api.post("/v1/imports", {"file_id": file_id, "mapping": mapping})
    except KeyboardInterrupt as error:
        raise Interrupted("whether the import has begun is told by: rapport imports list") from error
    bar = progress.add_task("importing", total=1.0)
    try:
        while job["state"] in _UNDER_WAY:
            time.sleep(_LOOK_EVERY_S)
            job = api.get(f"/v1/imports/{job['id']}")
            progress.update(bar, completed=job["progress"], description=f"importing ({job['rows']:,} rows)")
    except KeyboardInterrupt as error:
        raise Interrupted(f"the import goes on; end it with: rapport imports cancel {job['id']}") from error
    except Unreachable as error:
        raise Unreachable(f"{error}; the import goes on; look at it with: rapport imports show {job['id']}") from error
    return job
