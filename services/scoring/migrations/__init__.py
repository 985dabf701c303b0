"""Scoring's Alembic history."""
