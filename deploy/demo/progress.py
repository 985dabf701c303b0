"""What the demo tells while it works: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Advance = Callable[[int], None]
"""Told how far a stage has come, as a total so far."""


class Narrator:
    """Tells stages one after the other on `console`."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def say(self, line: str) -> None:
        """One line."""
        self.console.print(line, highlight=False, soft_wrap=True)

    @contextmanager
    def stage(self, title: str, total: int) -> Iterator[Advance]:
        """A stage with `total` steps; its end says how long it took."""
        started = time.monotonic()
        if self.console.is_terminal:
            with self._bars() as bars:
                task = bars.add_task(title, total=total)
                yield lambda done: bars.update(task, completed=done)
                bars.update(task, completed=total)
        else:
            yield _Quarters(self, title, total)
            self.say(f"{title}: done, {total:,} in {time.monotonic() - started:.1f} s")

    def _bars(self) -> Progress:
        return Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description:<42}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
        )


class _Quarters:
    """Says a line at each quarter, for logs."""

    def __init__(self, narrator: Narrator, title: str, total: int) -> None:
        self._narrator, self._title, self._total = narrator, title, total
        self._said = 0

    def __call__(self, done: int) -> None:
        quarter = 4 * done // self._total if self._total else 4
        if self._said < quarter < 4:
            self._said = quarter
            self._narrator.say(f"{self._title}: {done:,} of {self._total:,}")
