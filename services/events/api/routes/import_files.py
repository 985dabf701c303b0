"""/v1/import-files: files on their way in, and what would become of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from services.events.adapters.files.upload import FileTooLarge, Upload
from services.events.adapters.sql.imports.files import SqlImportFiles
from services.events.adapters.sql.imports.mappings import SqlImportMappings
from services.events.api.dependencies import Wired
from services.events.api.routes.import_mappings import Reader, Writer
from services.events.api.schemas.imports import DryRunRequest, FileId, FileView, TrialView
from services.events.use_cases.imports.keep_import_mappings import described
from services.events.use_cases.imports.ports import FileFormat, ImportFile, ImportMapping, NoRoom
from services.events.use_cases.imports.try_imports import try_import
from services.events.wiring.imports import ImportWiring
from shared.http.answer_headers import LOCATION, with_headers
from shared.http.idempotency import IdempotencyKey, once
from shared.http.pagination import Page, Paged
from shared.http.patterns import worded
from shared.http.problems import PROBLEM_RESPONSES, Problem
from shared.http.strict_json import StrictRoute
from shared.ids import new_id
from shared.sql.database import Database

PATH = "/v1/import-files"
router = APIRouter(prefix=PATH, tags=["Imports"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)
_FORMATS: dict[str, FileFormat] = {
    "text/csv": "csv",
    "application/gzip": "csv",
    "application/x-gzip": "csv",
    "application/vnd.apache.parquet": "parquet",
}
_BINARY = {"schema": {"type": "string", "format": "binary", "minLength": 1}}
_CSV_LAST = reversed(_FORMATS)  # as which openapi-python-client sends every file
_BODY = {"requestBody": {"required": True, "content": dict.fromkeys(_CSV_LAST, _BINARY)}}
_FileName = Annotated[
    str,
    Query(
        min_length=1,
        max_length=200,
        pattern=worded(r"^[^\x00-\x1f\x7f/\\]+$", "the name of a file, without folders and control characters"),
        description="a name for people to recognise the file by",
        examples=["receipts-2026-04.csv"],
    ),
]


@router.post("", status_code=201, openapi_extra=_BODY, responses=with_headers(201, LOCATION))
async def upload_import_file(
    request: Request,
    wired: Wired,
    response: Response,
    caller: Writer,
    name: _FileName = "file",
    idempotency_key: IdempotencyKey = None,
) -> FileView:
    """Upload a file as the body: CSV, gzipped CSV, or Parquet. It is kept for some days, to be imported."""
    imports = wired.imports
    file = _new(request, name, imports)
    taking = await run_in_threadpool(Upload, wired.database, file, limit=imports.max_bytes, clock=imports.clock)
    kept = False
    try:
        async for some in request.stream():
            await run_in_threadpool(taking.write, some)
        view = await run_in_threadpool(_complete, taking, wired.database, caller.key_id, idempotency_key)
        kept = True
    except FileTooLarge as error:
        detail = f"the file has more than {imports.max_bytes} bytes unpacked"
        raise Problem(413, "too_large", detail) from error
    except ClientDisconnect as error:
        raise Problem(400, "incomplete", "the connection ended before the body") from error
    finally:
        if not kept:
            await run_in_threadpool(taking.abandon)
    response.headers["Location"] = f"{router.prefix}/{view.id}"
    return view


@router.get("")
def list_import_files(wired: Wired, _caller: Reader, paging: Paged) -> Page[FileView]:
    """Uploaded files, newest first."""
    before = paging.after_id()
    with wired.database.reading() as session:
        found = SqlImportFiles(session).page(limit=paging.limit + 1, before=before)
    return paging.page(found, FileView.of)


@router.get("/{file_id}")
def get_import_file(file_id: FileId, wired: Wired, _caller: Reader) -> FileView:
    """One uploaded file."""
    with wired.database.reading() as session:
        return FileView.of(SqlImportFiles(session).get(file_id))


@router.delete("/{file_id}", status_code=204)
def delete_import_file(file_id: FileId, wired: Wired, _caller: Writer) -> None:
    """Delete a file that no import still has to read; what was imported from it stays."""
    with wired.database.transaction() as session:
        SqlImportFiles(session).remove(file_id)


@router.post("/{file_id}/dry-run")
def try_import_file(file_id: FileId, body: DryRunRequest, wired: Wired, _caller: Reader) -> TrialView:
    """What the first rows would become: counts, first problems, first calls. Nothing is stored."""
    imports = wired.imports
    with wired.database.reading() as session:
        file = SqlImportFiles(session).get(file_id)
        mapping = _mapping(body, SqlImportMappings(session), imports)
    try:
        trial = try_import(
            file, mapping, imports.files, now=wired.clock(), most_rows=body.rows, call_bytes=imports.call_bytes
        )
    except NoRoom as error:
        raise Problem(503, "no_room", str(error)) from error
    return TrialView.of(trial)


def _new(request: Request, name: str, wiring: ImportWiring) -> ImportFile:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    form = _FORMATS.get(media_type)
    if form is None:
        shown = media_type or "no Content-Type"
        raise Problem(415, "unsupported_media_type", f"send {', '.join(_FORMATS)}, not {shown[:100]}")
    now = wiring.clock()
    return ImportFile(
        id=new_id(), name=name, format=form, size=0, sha256="", created_at=now, expires_at=now + wiring.keep_file
    )


def _complete(taking: Upload, database: Database, caller: str, key: str | None) -> FileView:
    file = taking.finish()
    with database.transaction() as session:

        def act() -> FileView:
            SqlImportFiles(session).complete(file)
            return FileView.of(file)

        described_as = f"import-file:{file.name}:{file.sha256}"
        view = once(session, caller=caller, key=key, request=described_as, answer=FileView, act=act)
        if view.id != file.id:
            SqlImportFiles(session).drop(file.id)
    return view


def _mapping(body: DryRunRequest, mappings: SqlImportMappings, wiring: ImportWiring) -> ImportMapping:
    if body.definition is not None:
        return described("dry-run", body.definition.wanted(), clock=wiring.clock)
    return mappings.get(body.mapping or "")
