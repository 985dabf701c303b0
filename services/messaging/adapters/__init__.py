"""The ports of messaging, implemented by technology."""
