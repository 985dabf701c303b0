"""What events' worker runs beside the API."""
