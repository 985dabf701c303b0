"""Reading the bus: a fact's effect and the reader's position commit together, so effects happen exactly once."""
