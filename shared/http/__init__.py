"""What the four HTTP APIs have in common: errors, limits, strict JSON, pages, keys of idempotency, health."""
