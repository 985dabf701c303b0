"""A local SMTP server that keeps every message and delivers none."""
