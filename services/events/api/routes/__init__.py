"""The routes of events, one module a resource."""
