"""/v1/imports: rows of files become touchpoints."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from starlette.responses import StreamingResponse

from services.events.adapters.sql.imports.files import SqlImportFiles
from services.events.adapters.sql.imports.jobs import SqlImportJobs
from services.events.adapters.sql.imports.mappings import SqlImportMappings
from services.events.adapters.sql.imports.refused_rows import refused_rows
from services.events.api.dependencies import Wired
from services.events.api.routes.import_mappings import Reader, Writer
from services.events.api.schemas.imports import ImportId, ImportView, NewImport
from services.events.domain.imports.errors import TooManyImports
from services.events.domain.imports.row_errors import errors_csv
from services.events.use_cases.imports.ports import ImportJob, JobState
from shared.http.answer_headers import LOCATION, with_headers
from shared.http.idempotency import IdempotencyKey, once
from shared.http.pagination import Page, Paged
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute
from shared.ids import new_id

router = APIRouter(prefix="/v1/imports", tags=["Imports"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)
MAX_UNFINISHED = 1_000
_OfState = Annotated[JobState | None, Query(description="only these")]
_CSV: dict[int | str, dict[str, Any]] = {
    200: {"description": "CSV", "content": {"text/csv": {"schema": {"type": "string"}}}}
}


@router.post("", status_code=201, responses=with_headers(201, LOCATION))
def create_import(
    body: NewImport, wired: Wired, response: Response, caller: Writer, idempotency_key: IdempotencyKey = None
) -> ImportView:
    """Import a file. A worker begins at once; imports with the same mapping run one after another.

    What the mapping imported before creates nothing new, so the same file may be imported again.
    """
    with wired.database.transaction() as session:

        def act() -> ImportView:
            jobs = SqlImportJobs(session)
            if jobs.unfinished() >= MAX_UNFINISHED:
                raise TooManyImports(f"{MAX_UNFINISHED} imports wait; let some of them end")
            job = ImportJob(
                id=new_id(),
                mapping=SqlImportMappings(session).get(body.mapping),
                file=SqlImportFiles(session).get(body.file_id),
                state="queued",
                created_at=wired.clock(),
            )
            jobs.add(job)
            return ImportView.of(job)

        made = once(session, caller=caller.key_id, key=idempotency_key, request=body, answer=ImportView, act=act)
    response.headers["Location"] = f"{router.prefix}/{made.id}"
    return made


@router.get("")
def list_imports(wired: Wired, _caller: Reader, paging: Paged, state: _OfState = None) -> Page[ImportView]:
    """Imports, newest first."""
    before = paging.after_id()
    with wired.database.reading() as session:
        found = SqlImportJobs(session).page(limit=paging.limit + 1, before=before, state=state)
    return paging.page(found, ImportView.of)


@router.get("/{import_id}")
def get_import(import_id: ImportId, wired: Wired, _caller: Reader) -> ImportView:
    """One import, and how far it has come."""
    with wired.database.reading() as session:
        return ImportView.of(SqlImportJobs(session).get(import_id))


@router.post("/{import_id}/cancel")
def cancel_import(import_id: ImportId, wired: Wired, _caller: Writer) -> ImportView:
    """Cancel an import: at once if it waits, after its current step if it runs. What it imported stays."""
    with wired.database.transaction() as session:
        return ImportView.of(SqlImportJobs(session).cancel(import_id, at=wired.clock()))


@router.get("/{import_id}/errors", response_class=StreamingResponse, responses={**PROBLEM_RESPONSES, **_CSV})
def list_import_errors(import_id: ImportId, wired: Wired, _caller: Reader) -> StreamingResponse:
    """The refused rows as CSV, each with its number and what is wrong; mended, the file can be sent again as it is.

    Its delimiter is that of the imported file. The first 100,000 are kept. What a spreadsheet would take for a formula
    is quoted with `'`.
    """
    with wired.database.reading() as session:
        header, delimiter = SqlImportJobs(session).header(import_id)
    return StreamingResponse(
        errors_csv(header, refused_rows(wired.database, import_id), delimiter=delimiter),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="import-{import_id}-errors.csv"'},
    )
