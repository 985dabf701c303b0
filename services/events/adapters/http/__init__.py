"""Other systems over HTTP."""
