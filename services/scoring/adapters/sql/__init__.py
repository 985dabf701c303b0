"""The database of scoring, on SQLite and PostgreSQL."""
