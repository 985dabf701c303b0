"""The request and response bodies of events."""
