"""What the routes are handed."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Request
from pydantic import BeforeValidator

from services.profile.bootstrap import Wiring
from shared.http.patterns import UUID


async def _wiring(request: Request) -> Wiring:
    wiring: Wiring = request.app.state.wiring
    return wiring


Wired = Annotated[Wiring, Depends(_wiring)]
ProfileId = Annotated[str, Path(pattern=UUID, examples=["0193f0a2-7c1e-7b6a-9f3e-2f1f6f0e8a11"])]
SegmentId = Annotated[str, BeforeValidator(str), Path(pattern=UUID, examples=["0193f0a2-8d00-7d10-b0c4-93a1d7a4c001"])]
"""Of routes with `{segment_id:uuid}`: the router hands over a UUID, and `preview` is no segment."""
