"""SQLAlchemy, set up once: SQLite (WAL, synchronous=FULL) and PostgreSQL behave alike to the services."""
