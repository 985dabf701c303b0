"""The FastAPI application of profile."""

from __future__ import annotations

from fastapi import FastAPI

from services.profile.api.problems import PROBLEMS
from services.profile.api.routes import erasures, profiles, segments, summary
from services.profile.bootstrap import Wiring
from services.profile.settings import ProfileSettings
from shared.http.app import build_app


def create_app(settings: ProfileSettings) -> FastAPI:
    """Profile's API; nothing is opened before the first request needs it."""
    return build_app(
        Wiring(settings),
        name="profile",
        description="Who every customer is: identities and merges, traits with provenance, purchases and segments.",
        routers=(erasures.router, profiles.router, segments.router, summary.router),
        problems=PROBLEMS,
    )
