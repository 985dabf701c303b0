"""/u/…: the way out that stands in every marketing message. Public, without log-in or cookies (RFC 8058)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse

from services.messaging.api.dependencies import Wired
from services.messaging.api.unsubscribe_pages import ASK, BROKEN, DONE, of_a_test
from services.messaging.domain.errors import UnknownToken
from services.messaging.use_cases.write_letter import PREVIEW_TOKEN
from shared.http.problems import PROBLEM_RESPONSES

_PAGE_OR_PROBLEM = {"content": PROBLEM_RESPONSES[404]["content"] | {"text/html": {"schema": {"type": "string"}}}}
router = APIRouter(
    prefix="/u", tags=["Unsubscribe"], responses=PROBLEM_RESPONSES | {404: PROBLEM_RESPONSES[404] | _PAGE_OR_PROBLEM}
)
Token = Annotated[str, Path(description="signed by this service")]
_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


@router.get("/{token}", name="ask_to_unsubscribe", response_class=HTMLResponse)
def ask(token: Token, request: Request, wired: Wired) -> HTMLResponse:
    """A page with one button. Looking at it changes nothing: link scanners look at everything."""
    return _page(ASK, request, token, wired.unsubscribing.read)


@router.post("/{token}", name="unsubscribe_with_one_click", response_class=HTMLResponse)
def one_click(token: Token, request: Request, wired: Wired) -> HTMLResponse:
    """Unsubscribe, whatever the body: providers send `List-Unsubscribe=One-Click` in either form encoding."""
    return _page(DONE, request, token, wired.unsubscribe)


def _page(page: str, request: Request, token: str, act: Callable[[str], object]) -> HTMLResponse:
    """The page, once it is true. A person whose link is broken gets a page too, a program UnknownToken."""
    if token == PREVIEW_TOKEN:
        return HTMLResponse(of_a_test(page), headers=_PRIVATE)
    try:
        act(token)
    except UnknownToken:
        if "text/html" not in request.headers.get("accept", ""):
            raise
        return HTMLResponse(BROKEN, status_code=404, headers=_PRIVATE)
    return HTMLResponse(page, headers=_PRIVATE)
