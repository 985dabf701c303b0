"""/u/…: the way out that stands in every marketing message. Public, without log-in or cookies (RFC 8058)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse

from services.messaging.api.dependencies import Wired
from services.messaging.api.pages import ASK, DONE
from shared.http.problems import PROBLEM_RESPONSES

router = APIRouter(prefix="/u", tags=["Unsubscribe"], responses=PROBLEM_RESPONSES)
Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,200}$", description="signed by this service")]
_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


@router.get("/{token}", name="ask_to_unsubscribe", response_class=HTMLResponse)
def ask(token: Token, wired: Wired) -> HTMLResponse:
    """A page with one button. Looking at it changes nothing: link scanners look at everything."""
    wired.unsubscribing.read(token)
    return HTMLResponse(ASK, headers=_PRIVATE)


@router.post("/{token}", name="unsubscribe_with_one_click", response_class=HTMLResponse)
def one_click(token: Token, wired: Wired) -> HTMLResponse:
    """Unsubscribe, whatever the body: providers send `List-Unsubscribe=One-Click` as a form of either kind."""
    wired.unsubscribe(token)
    return HTMLResponse(DONE, headers=_PRIVATE)
