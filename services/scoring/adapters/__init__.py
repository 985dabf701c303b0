"""The ports of scoring, implemented by technology."""
