"""What operators see: JSON logs, Prometheus metrics, W3C trace context."""
