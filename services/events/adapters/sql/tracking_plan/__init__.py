"""Tables and queries of tracking plans and the quarantine."""
