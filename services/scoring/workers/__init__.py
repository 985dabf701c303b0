"""The background loops of scoring."""
