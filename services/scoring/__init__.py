"""Scoring: what customers are worth, what they will do next, and why we think so."""
