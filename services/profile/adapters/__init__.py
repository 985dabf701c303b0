"""Profile's ties to the outside, by technology."""
