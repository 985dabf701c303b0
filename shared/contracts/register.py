"""Importing this module registers every contract."""

from shared.contracts import events, ingest, messaging, profile, scoring, webhooks

__all__ = ["events", "ingest", "messaging", "profile", "scoring", "webhooks"]
