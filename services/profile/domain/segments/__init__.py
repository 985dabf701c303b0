"""Segments: conditions on a customer's traits, purchases and scores, joined by and, or, not."""
