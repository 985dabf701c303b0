"""The routes of messaging, a module a resource."""
