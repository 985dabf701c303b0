"""Processes that start servers side by side never choose the same port."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
CHOOSE = "from tests.support.real_servers import free_ports; print(*free_ports(200), flush=True); input()"


def test_two_processes_are_given_different_ports() -> None:
    command = [sys.executable, "-c", CHOOSE]
    both = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    chosen = [set(process.stdout.readline().split()) for process in both if process.stdout]
    for process in both:
        process.communicate("\n")
    assert [len(ports) for ports in chosen] == [200, 200]
    assert not chosen[0] & chosen[1]
