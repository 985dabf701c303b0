"""/v1/archive: what of the touchpoints is in Parquet files, and the files."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse
from pydantic import AfterValidator, WithJsonSchema

from services.events.adapters.sql.archive.reading import read_days, read_file, read_files
from services.events.api.dependencies import Wired
from services.events.api.schemas.archive import ArchiveDayView, ArchiveFileView, ArchivePage
from services.events.domain.errors import ArchiveFileNotFound
from services.events.use_cases.archive.ports import ArchiveFile
from shared.auth.access import Requires
from shared.http.pagination import Page, Paged
from shared.http.patterns import UUID, worded
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

_DAY = worded(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "a day as YYYY-MM-DD, such as 2026-01-31")
_PARQUET = "application/vnd.apache.parquet"


def _on_the_calendar(day: str | None) -> str | None:
    try:
        return day and date.fromisoformat(day).isoformat()
    except ValueError as error:
        raise ValueError(f"no day of the calendar: {error}") from error


router = APIRouter(
    prefix="/v1/archive",
    tags=["Archive"],
    route_class=StrictRoute,
    responses=PROBLEM_RESPONSES,
    dependencies=[Requires("archive:read")],
)


@router.get("", name="list_archive_days")
def list_days(wired: Wired, paging: Paged) -> ArchivePage:
    """The archive by day, newest first, each day beside what was recorded on it."""
    before = paging.after_id()
    with wired.database.reading() as session:
        found = read_days(session, before=before, limit=paging.limit + 1)
    page = paging.page(found, ArchiveDayView.model_validate, by=("day",))
    return ArchivePage(data=page.data, next_cursor=page.next_cursor, enabled=wired.archive is not None)


@router.get("/files", name="list_archive_files")
def list_files(
    wired: Wired,
    paging: Paged,
    day: Annotated[
        str | None,
        Query(pattern=_DAY, description="only of this day"),
        AfterValidator(_on_the_calendar),
        WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-01-31"]}),
    ] = None,
) -> Page[ArchiveFileView]:
    """The files, last written first."""
    before = paging.after_id()
    with wired.database.reading() as session:
        found = read_files(session, day=day, before=before, limit=paging.limit + 1)
    return paging.page(found, _view)


@router.get(
    "/files/{file_id}",
    name="download_archive_file",
    response_class=FileResponse,
    responses={200: {"content": {_PARQUET: {"schema": {"type": "string", "format": "binary"}}}}},
)
def download(file_id: Annotated[str, Path(pattern=UUID, description="a file's id")], wired: Wired) -> FileResponse:
    """One file's content."""
    with wired.database.reading() as session:
        file = read_file(session, file_id)
    path = wired.archive.folder.path(file) if wired.archive else None
    if path is None or not path.is_file():
        raise ArchiveFileNotFound(f"file {file_id} is not in the archive's folder of this process")
    return FileResponse(path, media_type=_PARQUET, filename=path.name)


def _view(file: ArchiveFile) -> ArchiveFileView:
    return ArchiveFileView(
        id=file.id,
        day=file.day,
        path=f"touchpoints/day={file.day}/part-{file.id}.parquet",
        rows=file.rows,
        bytes=file.bytes,
        created_at=file.created_at,
    )
