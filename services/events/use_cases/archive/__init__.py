"""Use cases of the archive and erasure from it."""
