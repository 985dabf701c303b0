"""Webhooks that partners send: how one is verified, and how its payload becomes calls."""
