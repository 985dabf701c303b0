"""Where records of a key go."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.bus.ports import Topic


@given(st.integers(1, 64), st.data())
def test_every_partition_has_a_key(partitions: int, data: st.DataObject) -> None:
    topic = Topic("t", partitions=partitions)
    partition = data.draw(st.integers(0, partitions - 1))
    assert topic.partition_of(topic.key_of(partition)) == partition
