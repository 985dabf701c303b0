"""The routes of events, a module a resource."""
