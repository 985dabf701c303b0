"""Each process is killed with -9 during the demo, and the counts still match."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest

from tests.support.demo import PROCESSES, Demo


@pytest.mark.faults
@pytest.mark.timeout(500)
def test_counts_still_match_when_every_process_is_killed_once(tmp_path: Path) -> None:
    demo = Demo(tmp_path, one_in=10)
    killed = demo.kill_each_part_once()
    assert demo.end(within_s=480) == 0, demo.said
    assert killed == PROCESSES, "the demo ended before every process could be killed"
    demo.assert_nothing_is_left()


@pytest.mark.faults
@pytest.mark.timeout(500)
def test_counts_still_match_when_the_process_manager_is_killed(tmp_path: Path) -> None:
    demo = Demo(tmp_path, one_in=40)
    while demo.process.poll() is None and not demo.plays:
        time.sleep(0.1)
    (manager,) = psutil.Process(demo.process.pid).children()
    manager.kill()
    assert demo.end(within_s=480) == 0, demo.said
    demo.assert_nothing_is_left()
