"""The bodies of events' HTTP API."""
