"""The history of profile's database."""
