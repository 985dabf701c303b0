"""Messaging's database: SQLite or PostgreSQL, the same statements on both."""
