"""The metrics every process exposes (Prometheus). RED for HTTP; lag, age and dead letters for the bus."""

from prometheus_client import Counter, Gauge, Histogram

HTTP_SECONDS = Histogram(
    "rapport_http_request_seconds",
    "Duration of HTTP requests",
    ["method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
OUTBOX_PUBLISHED = Counter("rapport_outbox_published_records_total", "Records the relay has published")
OUTBOX_WAITING = Gauge("rapport_outbox_waiting_records", "Records that wait in the outbox")
OUTBOX_AGE_SECONDS = Gauge("rapport_outbox_oldest_age_seconds", "Age of the oldest record that waits in the outbox")
CONSUMED_FACTS = Counter("rapport_consumer_facts_total", "Facts handled", ["consumer"])
CONSUMER_LAG = Gauge("rapport_consumer_lag_records", "Records not yet handled", ["consumer"])
CONSUMER_BATCH_SECONDS = Histogram("rapport_consumer_batch_seconds", "Duration of one consumed batch", ["consumer"])
DEAD_LETTERS = Counter("rapport_dead_letters_total", "Facts that could not be handled", ["consumer"])
LOOP_SILENT_SECONDS = Gauge("rapport_loop_silent_seconds", "How long a loop has given no sign of life", ["loop"])
BUS_REACHABLE = Gauge("rapport_bus_reachable", "Whether the bus answered when it was last asked: 1, or 0", ["consumer"])
