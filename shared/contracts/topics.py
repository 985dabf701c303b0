"""The topics of the bus, and who writes each."""

from shared.bus.ports import Topic

INGEST = Topic("ingest")
"""Private to events: what was acknowledged, raw, before validation."""

TOUCHPOINTS = Topic("touchpoints")
"""events: validated, enriched, unique by message id."""

PROFILES = Topic("profiles")
"""profile: state of profiles, merges, segment membership."""

SCORES = Topic("scores")
"""scoring: scores with their reasons."""

MESSAGES = Topic("messages")
"""messaging: outcomes of dispatch."""


def dead_letter_of(topic: Topic) -> Topic:
    """Where records of `topic` that cannot be handled go."""
    return Topic(f"{topic.name}.dead-letter", partitions=1, retention_days=90)


AUDIENCES = Topic("audiences", partitions=1)
"""Private to messaging, which asks on it, and profile, which answers on `profiles`: few, and none behind outcomes."""

PUBLIC = (TOUCHPOINTS, PROFILES, SCORES, MESSAGES)
ALL = tuple(t for topic in (INGEST, AUDIENCES, *PUBLIC) for t in (topic, dead_letter_of(topic)))
BY_NAME = {topic.name: topic for topic in ALL}
