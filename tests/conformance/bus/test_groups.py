"""Members of a group share the partitions, lose them when they die, and start where their owner says."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from shared.bus.ports import Bus, NewRecord, Partition, Positions, Publisher, Topic, UnknownTopic
from tests.support.bus_processes import bus_process
from tests.support.reading import from_the_oldest, poll_until, read

SESSION_TIMEOUT_S = 3.0


def numbered(topic: Topic, numbers: Iterable[int]) -> list[NewRecord]:
    return [NewRecord(topic.name, number % topic.partitions, str(number).encode()) for number in numbers]


def all_of(topic: Topic) -> frozenset[Partition]:
    return frozenset((topic.name, number) for number in range(topic.partitions))


def test_one_member_reads_every_partition(bus: Bus, publisher: Publisher, topic: Topic, group: str) -> None:
    publisher.publish(numbered(topic, range(20)))
    consumer = bus.consumer(group, [topic.name], start_at=from_the_oldest)
    assert sorted(int(r.value) for r in read(consumer, 20)) == list(range(20))
    assert consumer.assignment() == all_of(topic)
    assert consumer.poll(timeout_s=0.1) == []
    consumer.close()


def test_a_poll_gives_no_more_than_asked_for(bus: Bus, publisher: Publisher, topic: Topic, group: str) -> None:
    publisher.publish(numbered(topic, range(100)))
    consumer = bus.consumer(group, [topic.name], start_at=from_the_oldest)
    found = []
    while len(found) < 100:
        some = consumer.poll(max_records=7, timeout_s=5)
        assert 0 < len(some) <= 7
        found += [int(r.value) for r in some]
    assert sorted(found) == list(range(100))
    consumer.close()


def test_a_member_waits_for_records_that_come_later(bus: Bus, publisher: Publisher, topic: Topic, group: str) -> None:
    consumer = bus.consumer(group, [topic.name], start_at=from_the_oldest)
    poll_until([consumer], lambda: consumer.assignment() == all_of(topic))
    for number in range(3):
        publisher.publish(numbered(topic, [number]))
        assert [int(r.value) for r in read(consumer, 1)] == [number]
    consumer.close()


def test_groups_read_independently(bus: Bus, publisher: Publisher, topic: Topic, group: str) -> None:
    publisher.publish(numbered(topic, range(8)))
    for name in (f"{group}-a", f"{group}-b"):
        consumer = bus.consumer(name, [topic.name], start_at=from_the_oldest)
        assert len(read(consumer, 8)) == 8
        consumer.close()


def test_a_member_reads_several_topics(bus: Bus, publisher: Publisher, topic: Topic, group: str) -> None:
    other = Topic(f"{topic.name}-other", partitions=2)
    bus.create_topics([other])
    publisher.publish(numbered(topic, range(4)) + numbered(other, range(4)))
    consumer = bus.consumer(group, [topic.name, other.name], start_at=from_the_oldest)
    assert sorted((r.topic, int(r.value)) for r in read(consumer, 8)) == [
        *((topic.name, n) for n in range(4)), *((other.name, n) for n in range(4))
    ]  # fmt: skip
    assert consumer.assignment() == all_of(topic) | all_of(other)
    consumer.close()


def test_members_share_the_partitions_and_take_over_from_one_that_leaves(
    bus: Bus, publisher: Publisher, topic: Topic, group: str
) -> None:
    first = bus.consumer(group, [topic.name], start_at=from_the_oldest, session_timeout_s=SESSION_TIMEOUT_S)
    poll_until([first], lambda: first.assignment() == all_of(topic))
    second = bus.consumer(group, [topic.name], start_at=from_the_oldest, session_timeout_s=SESSION_TIMEOUT_S)
    poll_until([first, second], lambda: len(first.assignment()) == len(second.assignment()) == 2)
    assert first.assignment() | second.assignment() == all_of(topic)
    publisher.publish(numbered(topic, range(40)))
    found = [int(record.value) for record in read(first, 20) + read(second, 20)]
    assert sorted(found) == list(range(40))
    first.close()
    poll_until([second], lambda: second.assignment() == all_of(topic))
    second.close()


@pytest.mark.faults
def test_a_killed_member_loses_its_partitions(
    bus_url: str, bus: Bus, publisher: Publisher, topic: Topic, group: str
) -> None:
    survivor = bus.consumer(group, [topic.name], start_at=from_the_oldest, session_timeout_s=SESSION_TIMEOUT_S)
    with bus_process("consume", bus_url, topic.name, group, SESSION_TIMEOUT_S) as member:
        poll_until([survivor], lambda: len(survivor.assignment()) == 2 and "owns 2" in member.lines)
        member.kill()
        publisher.publish(numbered(topic, range(40)))
        found = poll_until([survivor], lambda: survivor.assignment() == all_of(topic))
        while len({r.value for r in found}) < 40:
            found += read(survivor, 1)
    survivor.close()


@pytest.mark.faults
def test_a_member_that_hung_too_long_reads_nothing_more_of_what_it_lost(
    bus_url: str, bus: Bus, publisher: Publisher, topic: Topic, group: str
) -> None:
    with bus_process("consume", bus_url, topic.name, group, SESSION_TIMEOUT_S) as member:
        member.wait_for("owns 4")
        member.stop()
        taker = bus.consumer(group, [topic.name], start_at=from_the_oldest, session_timeout_s=SESSION_TIMEOUT_S)
        poll_until([taker], lambda: taker.assignment() == all_of(topic))
        member.go_on()
        poll_until([taker], lambda: len(taker.assignment()) == 2 and "owns 2" in member.lines)
        publisher.publish(numbered(topic, range(8)))
        found = read(taker, 4)
        ours = {int(r.value) % 4 for r in found}
        taken = {part for _, part in taker.assignment()}
        assert ours == taken
        for number in range(8):
            if number % 4 not in taken:
                member.wait_for(str(number))
        assert not [line for line in member.lines if line.isdecimal() and int(line) % 4 in taken]
        taker.close()


@pytest.mark.faults
def test_what_a_member_read_but_did_not_commit_is_read_again(
    bus_url: str, bus: Bus, publisher: Publisher, topic: Topic, group: str
) -> None:
    publisher.publish(numbered(topic, range(12)))
    committed: dict[Partition, int] = {(topic.name, 0): 1, (topic.name, 1): 2}
    with bus_process("consume", bus_url, topic.name, group, SESSION_TIMEOUT_S) as member:
        member.wait_for("11")
        member.kill()
    after = bus.consumer(group, [topic.name], start_at=lambda _: committed, session_timeout_s=SESSION_TIMEOUT_S)
    assert sorted(int(r.value) for r in read(after, 9)) == [2, 3, 4, 6, 7, 8, 9, 10, 11]
    assert after.poll(timeout_s=0.2) == []
    after.close()


def test_reading_a_topic_that_was_never_created_is_an_error(bus: Bus, topic: Topic, group: str) -> None:
    with pytest.raises(UnknownTopic):
        bus.consumer(group, [topic.name, f"{topic.name}-not"], start_at=from_the_oldest).poll(timeout_s=0.1)


def test_reading_starts_where_the_owner_says(bus: Bus, publisher: Publisher, topic: Topic, group: str) -> None:
    publisher.publish(numbered(topic, range(40)))
    asked: list[Partition] = []

    def start_at(partitions: Iterable[Partition]) -> Positions:
        asked.extend(partitions)
        return {(topic.name, 0): 8, (topic.name, 1): 10, (topic.name, 2): 99}

    consumer = bus.consumer(group, [topic.name], start_at=start_at)
    found = [int(r.value) for r in read(consumer, 12)]
    assert sorted(asked) == sorted(all_of(topic))
    assert sorted(found) == sorted([32, 36, *range(3, 40, 4)])
    consumer.close()


def test_a_reader_goes_back_to_an_earlier_offset(bus: Bus, publisher: Publisher, topic: Topic, group: str) -> None:
    publisher.publish(numbered(topic, range(400)))
    consumer = bus.consumer(group, [topic.name], start_at=from_the_oldest)
    read(consumer, 400)
    consumer.seek({(topic.name, 0): 98, (topic.name, 3): 99, (topic.name, 77): 0})
    assert sorted(int(r.value) for r in read(consumer, 3)) == [392, 396, 399]
    consumer.close()


def test_a_seek_in_the_middle_of_reading_counts(bus: Bus, publisher: Publisher, topic: Topic, group: str) -> None:
    publisher.publish([NewRecord(topic.name, 0, str(n).encode()) for n in range(100)])
    consumer = bus.consumer(group, [topic.name], start_at=from_the_oldest)
    assert int(read(consumer, 1)[0].value) == 0
    consumer.seek({(topic.name, 0): 3})
    assert [int(r.value) for r in read(consumer, 97)] == list(range(3, 100))
    consumer.close()


def test_an_owner_that_cannot_say_where_to_start_is_asked_again(
    bus: Bus, publisher: Publisher, topic: Topic, group: str
) -> None:
    publisher.publish(numbered(topic, range(8)))
    failures = [ConnectionRefusedError("the reader's database is away")]

    def start_at(_partitions: Iterable[Partition]) -> Positions:
        if failures:
            raise failures.pop()
        return {(topic.name, 0): 1}

    consumer = bus.consumer(group, [topic.name], start_at=start_at)
    with pytest.raises(ConnectionRefusedError):
        read(consumer, 1)
    assert sorted(int(r.value) for r in read(consumer, 7)) == [1, 2, 3, 4, 5, 6, 7]
    consumer.close()


def test_lag_is_seen_from_what_was_reported(bus: Bus, publisher: Publisher, topic: Topic, group: str) -> None:
    assert bus.reported_positions(group, [topic.name]) == {}
    publisher.publish(numbered(topic, range(8)))
    consumer = bus.consumer(group, [topic.name], start_at=from_the_oldest)
    read(consumer, 8)
    consumer.report({(topic.name, 0): 1})
    consumer.report({(topic.name, 0): 2, (topic.name, 3): 1})
    consumer.close()
    assert bus.reported_positions(group, [topic.name]) == {(topic.name, 0): 2, (topic.name, 3): 1}
    assert bus.reported_positions(group, []) == {}
