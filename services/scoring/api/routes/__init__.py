"""The routes of scoring, a module a resource."""
