"""The ports of profile, implemented by technology."""
