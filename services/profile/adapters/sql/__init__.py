"""The database of profile, on SQLite and PostgreSQL."""
