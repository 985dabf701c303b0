"""Files of touchpoints: what their columns mean, and how their rows become calls."""
