"""Messaging's ports, implemented by technology."""
