"""Profile's routes, one module a noun."""
