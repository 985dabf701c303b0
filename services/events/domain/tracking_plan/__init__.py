"""What a source is expected to send, and what becomes of what is sent otherwise."""
