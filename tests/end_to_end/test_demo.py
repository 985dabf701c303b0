"""The demo on a part of its data: it comes out right and leaves nothing behind, however it ends."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import pytest

from tests.support.demo import PROCESSES, Demo

PLOTS = 5


@pytest.mark.timeout(400)
def test_a_part_of_the_year_comes_out_right(tmp_path: Path) -> None:
    demo = Demo(tmp_path, one_in=40)
    assert demo.end(within_s=390) == 0, demo.said
    demo.assert_nothing_is_left()
    report = (demo.data_dir / "report.html").read_text(encoding="utf-8")
    assert report.count("<svg") == len(re.findall(r'<svg role="img" aria-label="\w[^"]+"', report)) == PLOTS
    assert not re.search(r'(?:src|href)="https?://(?!127\.0\.0\.1)', report), "the report needs another file"


@pytest.mark.timeout(300)
def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    demo = Demo(tmp_path, one_in=40)
    while demo.process.poll() is None and demo.parts().keys() != PROCESSES:
        time.sleep(0.1)
    demo.process.send_signal(signal.SIGINT)
    assert demo.end(within_s=90) == 130, demo.said
    demo.assert_nothing_is_left()


@pytest.mark.timeout(300)
def test_killing_the_demo_itself_leaves_nothing_behind(tmp_path: Path) -> None:
    demo = Demo(tmp_path, one_in=40)
    while demo.process.poll() is None and demo.parts().keys() != PROCESSES:
        time.sleep(0.1)
    demo.process.kill()
    demo.end(within_s=30)
    demo.assert_nothing_is_left()


@pytest.mark.timeout(60)
def test_a_folder_with_other_data_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "thesis.txt").write_text("years of work")
    demo = Demo(tmp_path, one_in=40)
    assert demo.end(within_s=50) == 1
    assert "--data-dir" in demo.said
    assert (tmp_path / "demo" / "thesis.txt").read_text() == "years of work"
