"""What events does: accept calls, record touchpoints, follow profiles, keep sources."""
