"""Dry runs of inbound mappings, over HTTP."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.events.api.schemas.mapping import MappingDocument
from services.events.domain.inbound.errors import MappingFlaw
from shared.http.schemas import Schema


class DryRun(Schema):
    """A payload to try, with the stored mapping or another one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"payload": {"topic": "orders/paid", "orders": []}}]})

    payload: Any = Field(description="as the partner would send it")
    mapping: MappingDocument | None = Field(None)


class DryRunFlaw(BaseModel):
    """Why a payload would be kept as a dead letter; `element` counts from 0 in `for_each`."""

    target: str
    reason: str
    element: int | None

    @classmethod
    def of(cls, flaw: MappingFlaw) -> DryRunFlaw:
        """The flaw as it is shown."""
        return cls(target=flaw.target, reason=flaw.reason, element=flaw.element)


class DryRunView(BaseModel):
    """The calls that a payload would make, or the first problems; nothing is stored."""

    calls: list[dict[str, Any]]
    passed_over: int
    problems: list[DryRunFlaw]
