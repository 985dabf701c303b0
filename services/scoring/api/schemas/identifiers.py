"""Parameters that several routes take."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query

from services.scoring.domain.reasons import Language
from shared.http.patterns import ID

Uuid = Annotated[str, Path(max_length=36, pattern=ID, examples=["01932f4e-8a5c-7d31-9b0a-5f0f2f7c1e21"])]
ModelName = Literal["rfm", "lifetime_value"]
Lang = Annotated[Language, Query(description="language of the reasons (BCP 47)")]
RunId = Annotated[
    str | None,
    Query(max_length=36, pattern=ID, description="of this run, instead of the latest that succeeded"),
]
