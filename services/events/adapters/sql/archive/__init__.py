"""Tables and queries of the archive and erasure from it."""
