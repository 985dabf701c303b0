"""The request and response bodies of scoring."""
