"""The hot routes: the Segment HTTP Tracking API as a bare ASGI path in front of the FastAPI application."""
