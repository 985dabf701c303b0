"""Use cases of tracking plans and the quarantine."""
