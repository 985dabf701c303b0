"""The request and response bodies of profile."""
