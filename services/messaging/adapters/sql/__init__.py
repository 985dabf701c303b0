"""The database of messaging, on SQLite and PostgreSQL."""
