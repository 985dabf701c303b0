"""Who every customer is: identities and merges, traits, purchases and segments."""
