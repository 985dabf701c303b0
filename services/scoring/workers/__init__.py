"""Scoring's background loops."""
