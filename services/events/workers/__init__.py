"""The background loops of events."""
