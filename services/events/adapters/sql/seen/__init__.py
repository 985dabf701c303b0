"""Which messages were seen: by day on PostgreSQL, in parts of a day on SQLite."""
