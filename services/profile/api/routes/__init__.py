"""The routes of profile, a module a resource."""
