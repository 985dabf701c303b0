"""What events keeps in SQLite or PostgreSQL."""
