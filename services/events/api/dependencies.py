"""What the routes are handed."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from services.events.bootstrap import Wiring


async def _wiring(request: Request) -> Wiring:
    wiring: Wiring = request.app.state.wiring
    return wiring


Wired = Annotated[Wiring, Depends(_wiring)]
