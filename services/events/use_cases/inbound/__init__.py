"""Use cases of inbound partner webhooks."""
