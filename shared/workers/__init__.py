"""Worker processes: what they run, how they end, and their signs of life."""
