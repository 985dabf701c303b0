"""Tables and queries of the archive."""
