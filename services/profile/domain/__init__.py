"""The rules of identity, traits, purchases and segments; pure, no I/O."""
