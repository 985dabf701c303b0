"""Scoring's ports, implemented by technology."""
