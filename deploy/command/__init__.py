"""The command `rapport`: a client of the suite's public HTTP API, which it knows nothing else of."""
