"""Profile over HTTP."""
