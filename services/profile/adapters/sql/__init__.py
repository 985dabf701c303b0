"""Profile's storage on SQLite and PostgreSQL."""
