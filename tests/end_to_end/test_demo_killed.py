"""Each process is killed with -9 during the demo, and the counts still match."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from tests.support.demo import PROCESSES, Demo


@pytest.mark.faults
@pytest.mark.timeout(500)
def test_counts_still_match_when_every_process_and_their_manager_are_killed_once(tmp_path: Path) -> None:
    demo = Demo(tmp_path, one_in=10)
    killed = demo.kill_each_part_once()
    (manager,) = psutil.Process(demo.process.pid).children()
    manager.kill()
    assert demo.end(within_s=480) == 0, demo.said
    assert killed == PROCESSES, "the demo ended before every process could be killed"
    demo.assert_nothing_is_left()
