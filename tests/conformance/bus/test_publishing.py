"""What is published is there once, whole, in order and at the offset that was promised."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.bus.opening import open_bus
from shared.bus.ports import Bus, BusOverloaded, NewRecord, Publisher, Record, RecordTooLarge, Topic, UnknownTopic
from tests.support.bus_processes import bus_process
from tests.support.reading import from_the_oldest, read


def read_all(bus: Bus, topic: Topic, count: int, group: str = "reads all") -> list[Record]:
    consumer = bus.consumer(f"{group} {topic.name}", [topic.name], start_at=from_the_oldest)
    try:
        found = read(consumer, count)
        found += consumer.poll(timeout_s=0.2)
        return found
    finally:
        consumer.close()


def by_partition(records: list[Record]) -> dict[int, list[Record]]:
    split: dict[int, list[Record]] = defaultdict(list)
    for record in records:
        split[record.partition].append(record)
    return split


def test_a_record_comes_back_as_it_was(bus: Bus, publisher: Publisher, topic: Topic) -> None:
    sent = [
        NewRecord(
            topic.name, 1, b"\x00\xff value", key="客戶 7", headers=(("ce_id", b"1"), ("raw", b"\x00"), ("ce_id", b""))
        ),
        NewRecord(topic.name, 1, b""),
        NewRecord(topic.name, 1, b"z" * 900_000, key=""),
        NewRecord(topic.name, 1, b"lone surrogate", key="\ud800"),
    ]
    before = datetime.now(UTC) - timedelta(seconds=1)
    publisher.publish(sent)
    found = read_all(bus, topic, 4)
    assert [(r.topic, r.partition, r.value, r.key, r.headers) for r in found] == [
        (s.topic, s.partition, s.value, s.key, s.headers) for s in sent
    ]
    assert all(before <= r.appended_at <= datetime.now(UTC) + timedelta(seconds=1) for r in found)


def test_nothing_published_is_nothing(bus: Bus, publisher: Publisher, topic: Topic) -> None:
    publisher.publish([])
    assert publisher.submit([]).result(1) is None
    assert set(bus.end_positions([topic.name]).values()) == {0}


def test_a_moment_leads_to_the_first_record_appended_since(bus: Bus, publisher: Publisher, topic: Topic) -> None:
    for number in range(6):
        publisher.publish([NewRecord(topic.name, n, b"%d" % number) for n in (0, 0, 1)])
        time.sleep(0.005)
    found = by_partition(read_all(bus, topic, 18))
    far = timedelta(days=1)
    assert set(bus.positions_since([topic.name], found[0][0].appended_at - far).values()) == {0}
    assert bus.positions_since([topic.name], found[0][0].appended_at + far) == bus.end_positions([topic.name])
    for moment in {record.appended_at for record in found[0]}:
        since = bus.positions_since([topic.name], moment)
        for number, records in found.items():
            ahead = [record.offset for record in records if record.appended_at >= moment]
            assert since[topic.name, number] == (ahead[0] if ahead else records[-1].offset + 1)
        assert since[topic.name, 3] == 0


def test_a_large_batch_keeps_its_order_in_each_partition(bus: Bus, publisher: Publisher, topic: Topic) -> None:
    publisher.publish([NewRecord(topic.name, n % 4, str(n).encode()) for n in range(5_000)])
    found = by_partition(read_all(bus, topic, 5_000))
    for partition, records in found.items():
        assert [int(r.value) for r in records] == list(range(partition, 5_000, 4))
        offsets = [r.offset for r in records]
        assert offsets == sorted(set(offsets))


def test_submits_keep_the_order_of_their_key(bus: Bus, publisher: Publisher, topic: Topic) -> None:
    keys = [f"customer {n}" for n in range(10)]
    submitted = [
        publisher.submit([NewRecord(topic.name, topic.partition_of(key), str(n).encode(), key=key) for key in keys])
        for n in range(50)
    ]
    for each in submitted:
        each.result(10)
    found: dict[str | None, list[int]] = defaultdict(list)
    for record in read_all(bus, topic, 500):
        found[record.key].append(int(record.value))
    assert found == {key: list(range(50)) for key in keys}


def test_a_submit_may_span_topics(bus: Bus, publisher: Publisher, topic: Topic) -> None:
    other = Topic(f"{topic.name}.dead-letter", partitions=1)
    bus.create_topics([other])
    publisher.publish([NewRecord(topic.name, 0, b"here"), NewRecord(other.name, 0, b"there")])
    assert [r.value for r in read_all(bus, topic, 1)] == [b"here"]
    assert [r.value for r in read_all(bus, other, 1)] == [b"there"]


def test_creating_a_topic_again_leaves_it_as_it_is(bus: Bus, publisher: Publisher, topic: Topic) -> None:
    publisher.publish([NewRecord(topic.name, 3, b"stays")])
    bus.create_topics([Topic(topic.name, partitions=1), topic])
    assert bus.end_positions([topic.name]) == {
        (topic.name, 0): 0,
        (topic.name, 1): 0,
        (topic.name, 2): 0,
        (topic.name, 3): 1,
    }


def test_end_positions_are_the_next_offsets(bus: Bus, publisher: Publisher, topic: Topic) -> None:
    publisher.publish([NewRecord(topic.name, n % 3, b"x") for n in range(10)])
    ends = bus.end_positions([topic.name])
    assert [ends[topic.name, number] for number in range(4)] == [4, 3, 3, 0]
    publisher.publish([NewRecord(topic.name, 0, b"next")])
    assert [r.offset for r in read_all(bus, topic, 11) if r.value == b"next"] == [4]


def test_a_record_that_is_too_large_takes_none_with_it(bus: Bus, publisher: Publisher, topic: Topic) -> None:
    with pytest.raises(RecordTooLarge):
        publisher.publish([NewRecord(topic.name, 0, b"small"), NewRecord(topic.name, 0, b"x" * 1_100_000)])
    publisher.publish([NewRecord(topic.name, 0, b"after")])
    assert [r.value for r in read_all(bus, topic, 1)] == [b"after"]


def test_the_limit_of_a_record_can_be_raised(bus_url: str) -> None:
    bus = open_bus(bus_url, max_record_bytes=3_000_000)
    topic = Topic(f"large-{time.time_ns()}", partitions=1)
    bus.create_topics([topic])
    publisher = bus.publisher()
    publisher.publish([NewRecord(topic.name, 0, b"x" * 2_500_000)])
    assert [len(r.value) for r in read_all(bus, topic, 1)] == [2_500_000]
    publisher.close()
    bus.close()


def test_a_topic_that_was_never_created_is_unknown(bus: Bus, publisher: Publisher, topic: Topic) -> None:
    with pytest.raises(UnknownTopic):
        publisher.publish([NewRecord(topic.name, 0, b"x"), NewRecord(f"{topic.name}-not", 0, b"x")])
    with pytest.raises(UnknownTopic):
        bus.end_positions([f"{topic.name}-not"])
    assert set(bus.end_positions([topic.name]).values()) == {0}


def test_a_partition_that_the_topic_lacks_is_refused(publisher: Publisher, topic: Topic) -> None:
    with pytest.raises(ValueError, match="partition"):
        publisher.publish([NewRecord(topic.name, 4, b"x")])


def test_more_than_may_wait_is_refused(bus_url: str, topic: Topic) -> None:
    bus = open_bus(bus_url, max_waiting_bytes=2_000_000)
    publisher = bus.publisher()
    batch = [NewRecord(topic.name, n % 4, b"x" * 400_000) for n in range(4)]
    submitted = [publisher.submit(batch) for _ in range(20)]
    errors = [each.exception(20) for each in submitted]
    refused = [error for error in errors if error is not None]
    assert refused, "20 batches fitted where one has room"
    assert all(isinstance(error, BusOverloaded) for error in refused)
    publisher.publish(batch)
    accepted = errors.count(None) + 1
    assert sum(bus.end_positions([topic.name]).values()) == 4 * accepted
    publisher.close()
    bus.close()


def test_processes_publish_at_the_same_time(bus_url: str, bus: Bus, topic: Topic) -> None:
    with ExitStack() as running:
        processes = [
            running.enter_context(bus_process("publish", bus_url, topic.name, 4, name))
            for name in ("left", "right", "mid")
        ]
        for process, name in zip(processes, ("left", "right", "mid"), strict=True):
            process.wait_for(f"{name}-159")
    acknowledged = {line for process in processes for line in process.lines}
    ends = sum(bus.end_positions([topic.name]).values())
    found = read_all(bus, topic, ends)
    assert acknowledged <= {r.value.decode() for r in found}
    for records in by_partition(found).values():
        for name in ("left", "right", "mid"):
            numbers = [int(r.value.partition(b"-")[2]) for r in records if r.key == name]
            assert numbers == sorted(set(numbers))


def test_close_waits_for_what_was_submitted(bus: Bus, topic: Topic) -> None:
    publisher = bus.publisher()
    submitted = [publisher.submit([NewRecord(topic.name, 0, b"x" * 10_000)]) for _ in range(100)]
    publisher.close()
    assert all(each.done() and each.exception() is None for each in submitted)
    assert bus.end_positions([topic.name])[topic.name, 0] == 100


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(
        st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=50)), max_size=30), min_size=1, max_size=8
    )
)
def test_any_batches_come_back_in_order_and_positions_count_them(
    bus: Bus, publisher: Publisher, tmp_path: Path, batches: list[list[tuple[int, bytes]]]
) -> None:
    topic = Topic(f"any-{time.time_ns()}", partitions=4)
    bus.create_topics([topic])
    submitted = [publisher.submit([NewRecord(topic.name, part, value) for part, value in some]) for some in batches]
    for each in submitted:
        each.result(10)
    sent: dict[int, list[bytes]] = defaultdict(list)
    for part, value in (pair for some in batches for pair in some):
        sent[part].append(value)
    ends = bus.end_positions([topic.name])
    assert {part: end for (_, part), end in ends.items()} == {part: len(sent[part]) for part in range(4)}
    found = by_partition(read_all(bus, topic, sum(ends.values())))
    assert {part: [r.value for r in records] for part, records in found.items()} == {
        part: values for part, values in sent.items() if values
    }
