"""Outgoing webhooks: whom to tell, where to, how it is signed and when it is tried again."""
