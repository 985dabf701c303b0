"""The database of events, on SQLite and PostgreSQL."""
