"""Tables and queries of outgoing webhooks."""
