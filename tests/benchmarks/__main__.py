"""`make bench`: every benchmark in turn, each under the state that the machine was in when it began.

`python -m tests.benchmarks [--quick] [name ...]`. Absolute figures are this machine's and this hour's; what can be
compared is a ratio, and each benchmark prints its own: to a peer, or to the bare disk.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

from tests.benchmarks.disk import syncs_per_second

QUICK = {
    "bus": ["--seconds", "1"],
    "ingest": ["--seconds", "2"],
    "recording": ["--events", "50000", "--latency", "2"],
    "dispatch": ["--messages", "2000"],
    "scoring": ["--customers", "100000"],
    "webhooks": ["--endpoints", "200"],
    "archive": ["--rows", "50000"],
    "timeline": ["--rows", "300000", "--seconds", "1"],
    "imports": ["--rows", "50000"],
}
"""Each benchmark, and what makes it short."""


def machine() -> str:
    """What it runs on."""
    hardware = f"{cpu_model()}, {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GB"
    return f"{hardware}; {platform.platform()}; Python {platform.python_version()}"


def cpu_model() -> str:
    """The processor's name where the kernel tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def state() -> str:
    """How busy the cores were in the last second without us, and how often the disk syncs 4 KB appends."""
    busy = psutil.cpu_percent(interval=1.0)
    with tempfile.TemporaryDirectory() as folder:
        return f"cores busy before: {busy:.0f}%; fdatasync: {syncs_per_second(Path(folder)):,.0f}/s"


def main() -> int:
    """Run what was asked for, one after the other; the first failure's exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(QUICK)}; all unless given")
    parser.add_argument("--quick", action="store_true", help="short runs, to see that they work")
    options = parser.parse_args()
    if unknown := set(options.names) - QUICK.keys():
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(QUICK)}")
    _say(f"{machine()}\n")
    for name in options.names or QUICK:
        _say(f"\n== {name} ({state()})\n")
        # Unbuffered, so that each row is seen once it is measured, in a pipe too.
        command = [sys.executable, "-u", "-m", f"tests.benchmarks.{name}", *(QUICK[name] if options.quick else ())]
        if code := subprocess.run(command, check=False).returncode:
            return code
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
