"""One self-contained HTML page about a played year."""
