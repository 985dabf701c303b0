"""The history of events' tables."""
