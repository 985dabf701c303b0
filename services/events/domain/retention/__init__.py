"""How long touchpoints are kept, by rules of which the most specific counts."""
