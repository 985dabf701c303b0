"""Tables and queries of inbound partner webhooks."""
