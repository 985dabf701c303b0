"""How events keeps and passes on what it knows, by technology."""
