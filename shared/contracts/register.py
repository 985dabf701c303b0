"""Importing this module registers every contract."""

from shared.contracts import events, messaging, profile, scoring

__all__ = ["events", "messaging", "profile", "scoring"]
