"""The HTTP API of events."""
