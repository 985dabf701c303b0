"""Files and imports over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.events.api.schemas.import_mappings import MappingDefinition
from services.events.domain.imports.rows import RowFlaw
from services.events.use_cases.imports.ports import FileFormat, ImportFile, ImportJob, JobState
from services.events.use_cases.imports.try_imports import Trial
from shared.http.patterns import ID
from shared.http.schemas import Schema, Slug, Whole

FileId = Annotated[str, Path(max_length=36, pattern=ID, description="an uploaded file's id")]
ImportId = Annotated[str, Path(max_length=36, pattern=ID, description="an import's id")]
_EXAMPLE_ID = "01980000-0000-7000-8000-000000000000"


class FileView(BaseModel):
    """An uploaded file; `size` and `sha256` are those of its uncompressed content."""

    id: str
    name: str
    format: FileFormat
    size: int
    sha256: str
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, file: ImportFile) -> FileView:
        """The file as it is shown."""
        return cls.model_validate(file, from_attributes=True)


class DryRunRequest(Schema):
    """With which mapping to try a file: a saved one, or one that is not saved yet."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"mapping": "till-receipts"}],
            "oneOf": [
                {"required": [name], "properties": {name: {"not": {"type": "null"}}, other: {"type": "null"}}}
                for name, other in (("mapping", "definition"), ("definition", "mapping"))
            ],
        }
    )

    mapping: Slug | None = Field(None)
    definition: MappingDefinition | None = Field(None)
    rows: Whole = Field(10_000, ge=1, le=100_000, description="how many rows are read at most")

    @model_validator(mode="after")
    def _names_one(self) -> DryRunRequest:
        if (self.mapping is None) == (self.definition is None):
            raise ValueError("name a saved mapping, or give a definition")
        return self


class ProblemView(BaseModel):
    """What is wrong with a row; the header is row 1."""

    row: int
    column: str | None
    reason: str

    @classmethod
    def of(cls, flaw: RowFlaw) -> ProblemView:
        """The flaw as it is shown."""
        return cls(row=flaw.row, column=flaw.column, reason=flaw.reason)


class TrialView(BaseModel):
    """What the rows that were read would become; `complete` if the file has no more.

    `problems` are the first ones, `calls` the first of the tracking API's calls that would be made.
    """

    rows: int
    complete: bool
    accepted: int
    failed: int
    passed_over: int
    touchpoints: int
    problems: list[ProblemView]
    calls: list[dict[str, Any]]

    @classmethod
    def of(cls, trial: Trial) -> TrialView:
        """The trial as it is shown."""
        return cls(
            rows=trial.rows,
            complete=trial.complete,
            accepted=trial.accepted,
            failed=trial.failed,
            passed_over=trial.passed_over,
            touchpoints=trial.touchpoints,
            problems=[ProblemView.of(flaw) for flaw in trial.problems],
            calls=[dict(call) for call in trial.calls],
        )


class NewImport(Schema):
    """Which file to import, and with which saved mapping."""

    file_id: str = Field(pattern=ID, max_length=36, examples=[_EXAMPLE_ID])
    mapping: Slug = Field(examples=["till-receipts"])


class ImportView(BaseModel):
    """An import. Its rows are `accepted`, `failed` or `passed_over`; `touchpoints` are new, `known` came before.

    `progress` goes from 0 to 1 and follows the bytes of the file. `completed` means that every touchpoint is durable;
    they reach the timeline like any other.
    """

    id: str
    state: JobState
    reason: str | None = Field(description="why it failed")
    cancel_requested: bool
    mapping: str
    mapping_version: int
    file: FileView
    progress: float
    rows: int
    accepted: int
    failed: int
    passed_over: int
    touchpoints: int
    known: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, job: ImportJob) -> ImportView:
        """The import as it is shown."""
        done = job.progress
        share = 1.0 if job.state == "completed" else min(1.0, done.read_bytes / max(job.file.size, 1))
        return cls(
            id=job.id,
            state=job.state,
            reason=job.reason,
            cancel_requested=job.cancel_requested,
            mapping=job.mapping.name,
            mapping_version=job.mapping.version,
            file=FileView.of(job.file),
            progress=round(share, 4),
            rows=done.accepted + done.failed + done.passed_over,
            accepted=done.accepted,
            failed=done.failed,
            passed_over=done.passed_over,
            touchpoints=done.touchpoints,
            known=done.known,
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
        )
