"""The ports of events, implemented by technology."""
