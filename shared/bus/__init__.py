"""The event bus: one port (`ports`), an embedded durable log and Apache Kafka behind it."""
