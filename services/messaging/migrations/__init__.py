"""Alembic history of messaging's database."""
