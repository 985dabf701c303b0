"""The first tier: the log of what was acknowledged."""
