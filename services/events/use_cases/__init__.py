"""What events does, a verb a module; `ports` says what that needs."""
