"""The bus on Apache Kafka, through kafka-python: the only place that knows that library.

Appends are acknowledged by all in-sync replicas (acks=all, idempotent producer). A broker that is down, at the start
too, makes single calls raise BusUnavailable; every client connects again by itself.
"""
