"""The FastAPI application of messaging."""

from __future__ import annotations

from fastapi import FastAPI

from services.messaging.api.problems import PROBLEMS
from services.messaging.api.routes import (
    campaign_steps,
    campaigns,
    messages,
    summary,
    suppressions,
    templates,
    unsubscribe,
)
from services.messaging.bootstrap import Wiring
from services.messaging.settings import MessagingSettings
from shared.http.app import build_app


def create_app(settings: MessagingSettings) -> FastAPI:
    """Messaging's API; nothing is opened before the first request needs it."""
    return build_app(
        Wiring(settings),
        name="messaging",
        description="Tailor-made messages: templates, campaigns to segments, dispatch over SMTP, and the ways out.",
        routers=(
            templates.router,
            campaigns.router,
            campaign_steps.router,
            messages.router,
            suppressions.router,
            summary.router,
            unsubscribe.router,
        ),
        problems=PROBLEMS,
    )
