"""Use cases of how long touchpoints are kept."""
