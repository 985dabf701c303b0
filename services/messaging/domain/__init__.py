"""Pure rules of messaging: who is addressed how, what may be sent, and what becomes of a message."""
