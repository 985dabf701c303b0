"""Use cases of erasing customers."""
