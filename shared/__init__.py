"""Plumbing that every service uses and that knows no business noun, but for the bus contracts."""
