"""The request and response bodies of messaging."""
