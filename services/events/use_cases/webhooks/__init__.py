"""Use cases of outgoing webhooks."""
