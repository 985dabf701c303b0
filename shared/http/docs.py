"""/docs: the OpenAPI document for people, to read and to try. One page that asks nothing of the internet."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse

router = APIRouter(include_in_schema=False)
_PAGE = Path(__file__).with_name("docs.html")
_ITS_OWN = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'"


@router.get("/docs")
def read_docs() -> HTMLResponse:
    """The page; its script reads /openapi.json."""
    return HTMLResponse(_PAGE.read_text("utf-8"), headers={"Content-Security-Policy": _ITS_OWN})


@router.get("/")
def lead_to_docs() -> RedirectResponse:
    """Who opens the bare address in a browser wants the page."""
    return RedirectResponse("docs")
