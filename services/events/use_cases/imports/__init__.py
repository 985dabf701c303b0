"""Use cases of imports of files."""
