"""API keys: made once, kept as SHA-256, scoped, revocable."""
