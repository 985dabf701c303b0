"""The bodies of profile's API."""
