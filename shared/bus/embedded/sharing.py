"""Who of a group reads which partition: evenly, and moving as little as possible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from shared.bus.ports import Partition


def share(
    partitions: Mapping[str, int], subscriptions: Mapping[str, frozenset[str]], owners: Mapping[Partition, str]
) -> dict[Partition, str]:
    """Give every partition of every topic to one member that subscribes to the topic.

    `partitions` is their number by topic, `subscriptions` the topics by member, `owners` who has what now. Within a
    topic no member has two more than another; an owner keeps what it has unless that would break this. A topic that
    nobody subscribes to is left out.
    """
    load: Counter[str] = Counter()
    shared: dict[Partition, str] = {}
    for topic in sorted(partitions):
        members = [member for member, topics in subscriptions.items() if topic in topics]
        if members:
            given = _share_topic(topic, partitions[topic], _Candidates(members, owners, load))
            load.update(given.values())
            shared.update(given)
    return shared


class _Candidates:
    """The members that want a topic, what they have of it now, and how much they have of other topics."""

    def __init__(self, members: list[str], owners: Mapping[Partition, str], load: Counter[str]) -> None:
        self.members = members
        self.owners = owners
        self.load = load


def _share_topic(topic: str, count: int, candidates: _Candidates) -> dict[Partition, str]:
    has = Counter(candidates.owners.get((topic, number)) for number in range(count))
    ranked = sorted(candidates.members, key=lambda member: (candidates.load[member], -has[member], member))
    share_each, extra = divmod(count, len(ranked))
    room = {member: share_each + (rank < extra) for rank, member in enumerate(ranked)}
    given: dict[Partition, str] = {}
    for number in range(count):
        owner = candidates.owners.get((topic, number))
        if owner is not None and room.get(owner, 0):
            given[topic, number] = owner
            room[owner] -= 1
    free = (member for member in ranked for _ in range(room[member]))
    for number in range(count):
        if (topic, number) not in given:
            given[topic, number] = next(free)
    return given
