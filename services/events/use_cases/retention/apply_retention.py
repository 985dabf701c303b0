"""Removing touchpoints that have been kept for as long as the rules say."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from services.events.use_cases.retention.ports import DueTouchpoints
from shared.clock import Clock


def apply_retention(
    due: DueTouchpoints,
    *,
    clock: Clock,
    may_go_on: Callable[[], bool],
    removed: Callable[[Mapping[str, int], str | None], None],
) -> None:
    """One sweep over everything that is stored, for as long as `may_go_on`.

    `removed` hears of every step: how many of each kind, and the part of the store that went as a whole, if one did. A
    sweep that is broken off is gone on with by the next one, where it was.
    """
    for part, kinds in due.drop_wholly_due(clock()).items():
        removed(kinds, part)
    while may_go_on():
        step = due.remove_some(clock())
        removed(step.removed, None)
        if step.finished:
            return
