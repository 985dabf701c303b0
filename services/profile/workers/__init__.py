"""The background loops of profile."""
