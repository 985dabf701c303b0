"""What scoring does, named by verbs."""
