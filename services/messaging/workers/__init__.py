"""The background loops of messaging."""
