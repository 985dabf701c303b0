"""The HTTP API of profile."""
