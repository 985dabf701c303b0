"""Tables and queries of how long touchpoints are kept."""
