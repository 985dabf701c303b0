"""Tables and queries of erasing customers."""
