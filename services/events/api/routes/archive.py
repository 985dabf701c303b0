"""/v1/archive: what of the touchpoints is in Parquet files, and the files."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse

from services.events.adapters.parquet.folder import ArchiveFolder
from services.events.adapters.sql.archive.reading import read_days, read_file, read_files
from services.events.api.schemas.archive import ArchiveDayView, ArchiveFileView, ArchivePage
from services.events.domain.errors import ArchiveFileNotFound
from services.events.use_cases.archive.ports import ArchiveFile
from shared.auth.access import Requires
from shared.http.pagination import Cursor, Limit, Page, decode_cursor, encode_cursor
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute
from shared.sql.database import Database

_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_PARQUET = "application/vnd.apache.parquet"
router = APIRouter(
    prefix="/v1/archive",
    tags=["Archive"],
    route_class=StrictRoute,
    responses=PROBLEM_RESPONSES,
    dependencies=[Requires("archive:read")],
)


@router.get("", name="list_archive_days")
def list_days(request: Request, limit: Limit = 50, cursor: Cursor = None) -> ArchivePage:
    """The archive by day, the last day first, each beside what was recorded that day."""
    before = decode_cursor(cursor, str)[0] if cursor else None
    database: Database = request.app.state.database
    with database.reading() as session:
        found = read_days(session, before=before, limit=limit + 1)
    data = [ArchiveDayView.model_validate(day) for day in found[:limit]]
    more = encode_cursor(data[-1].day) if len(found) > limit else None
    return ArchivePage(data=data, next_cursor=more, enabled=_folder(request) is not None)


@router.get("/files", name="list_archive_files")
def list_files(
    request: Request,
    day: Annotated[str | None, Query(pattern=_DAY, description="only of this day", examples=["2026-01-31"])] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ArchiveFileView]:
    """The files, the last written first."""
    before = decode_cursor(cursor, str)[0] if cursor else None
    database: Database = request.app.state.database
    with database.reading() as session:
        found = read_files(session, day=day, before=before, limit=limit + 1)
    data = [_view(file) for file in found[:limit]]
    return Page(data=data, next_cursor=encode_cursor(data[-1].id) if len(found) > limit else None)


@router.get(
    "/files/{file_id}",
    name="download_archive_file",
    response_class=FileResponse,
    responses={200: {"content": {_PARQUET: {}}}},
)
def download(file_id: Annotated[str, Path(pattern=_UUID, description="a file's id")], request: Request) -> FileResponse:
    """One file's content."""
    database: Database = request.app.state.database
    with database.reading() as session:
        file = read_file(session, file_id)
    folder = _folder(request)
    path = folder.path(file) if folder else None
    if path is None or not path.is_file():
        raise ArchiveFileNotFound(f"file {file_id} is not in the archive's folder of this process")
    return FileResponse(path, media_type=_PARQUET, filename=path.name)


def _folder(request: Request) -> ArchiveFolder | None:
    folder: ArchiveFolder | None = request.app.state.archive_folder
    return folder


def _view(file: ArchiveFile) -> ArchiveFileView:
    return ArchiveFileView(
        id=file.id,
        day=file.day,
        path=f"touchpoints/day={file.day}/part-{file.id}.parquet",
        rows=file.rows,
        bytes=file.bytes,
        created_at=file.created_at,
    )
