"""What the routes are handed."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Request

from services.messaging.bootstrap import Wiring
from shared.http.patterns import UUID


async def _wiring(request: Request) -> Wiring:
    wiring: Wiring = request.app.state.wiring
    return wiring


Wired = Annotated[Wiring, Depends(_wiring)]
TemplateId = Annotated[str, Path(pattern=UUID, examples=["0193f0a2-7c1e-7b6a-9f3e-2f1f6f0e8a11"])]
CampaignId = Annotated[str, Path(pattern=UUID, examples=["0193f0a2-8d00-7d10-b0c4-93a1d7a4c001"])]
MessageId = Annotated[str, Path(pattern=UUID, examples=["0193f0a2-9b11-7c22-8d33-4e44f5550666"])]
