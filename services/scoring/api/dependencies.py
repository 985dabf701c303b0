"""What the routes are handed."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Query, Request

from services.scoring.bootstrap import Wiring
from services.scoring.domain.reasons import Language
from shared.http.patterns import ID


async def _wiring(request: Request) -> Wiring:
    wiring: Wiring = request.app.state.wiring
    return wiring


Wired = Annotated[Wiring, Depends(_wiring)]
Uuid = Annotated[str, Path(max_length=36, pattern=ID, examples=["01932f4e-8a5c-7d31-9b0a-5f0f2f7c1e21"])]
OfRun = Annotated[
    str | None, Query(max_length=36, pattern=ID, description="from this run, instead of the latest that succeeded")
]
Lang = Annotated[Language, Query(description="language of the reasons (BCP 47)")]
