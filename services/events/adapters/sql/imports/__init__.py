"""Tables and queries of imports of files."""
