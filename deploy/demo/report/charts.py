"""The report's plots, each as inline SVG whose text the browser sets in its own fonts."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.style
import numpy as np
from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import FuncFormatter

from deploy.demo.findings import SegmentFound
from deploy.demo.suite_api import Json

INK, TEAL, AMBER, ROSE = "#1f2933", "#0f766e", "#c2710c", "#b4235a"
_OUTCOMES = {"sent": TEAL, "skipped": "#9aa5b1", "unknown": AMBER, "failed": ROSE}
_PALE, _DEEP = np.array([0.945, 0.960, 0.956]), np.array([0.043, 0.412, 0.384])
_STYLE = Path(__file__).with_name("report.mplstyle")


class _Drawing:
    """Axes to draw on, and what was drawn as SVG."""

    def __init__(self, width: float, height: float) -> None:
        self._figure = Figure(figsize=(width, height), layout="constrained")
        self._canvas: Any = FigureCanvasSVG(self._figure)
        self.axes: Axes = self._figure.subplots()

    def svg(self, said: Iterable[str]) -> str:
        """The `<svg>` element alone; what is `said` of it is for those who hear the page."""
        out = io.StringIO()
        self._canvas.print_svg(out, metadata={"Date": None, "Creator": None})
        text = out.getvalue()
        label = escape("; ".join(said))
        return f'<svg role="img" aria-label="{label}"{text[text.index("<svg") + len("<svg") :]}'


@contextmanager
def _drawing(width: float = 6.4, height: float = 3.4) -> Iterator[_Drawing]:
    with mpl.style.context(_STYLE):
        yield _Drawing(width, height)


def six_block_grid(blocks: Sequence[Json]) -> str:
    """Visits by spending: each block's customers, their money and how many of them are lapsing."""
    with _drawing(6.4, 3.7) as drawing:
        axes = drawing.axes
        axes.set(xlim=(-0.02, 3.02), ylim=(-0.02, 2.02))
        axes.grid(visible=False)
        most = max((block["net_minor"] for block in blocks), default=1) or 1
        total = sum(block["customers"] for block in blocks) or 1
        for block in blocks:
            row, column = divmod("ABCDEF".index(block["block"]), 3)
            _block(axes, block, (column, 1 - row), share=max(0.0, block["net_minor"] / most) ** 0.5, of=total)
        axes.set_xticks([0.5, 1.5, 2.5], ["many visits", "some visits", "few visits"])
        axes.set_yticks([0.5, 1.5], ["low\nspending", "high\nspending"])
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
        return drawing.svg(f"{each['block']}: {each['customers']:,} customers, {_money(each)}" for each in blocks)


def _block(axes: Axes, block: Json, corner: tuple[int, int], *, share: float, of: int) -> None:
    x, y = corner
    red, green, blue = ((1 - share) * _PALE + share * _DEEP).tolist()
    ink = "white" if share > 0.5 else INK
    shape = "round,pad=0,rounding_size=0.06"
    axes.add_patch(FancyBboxPatch((x + 0.04, y + 0.05), 0.92, 0.9, shape, fc=(red, green, blue), ec="none"))
    axes.text(x + 0.12, y + 0.76, block["block"], color=ink, fontsize=15, fontweight="bold", va="center")
    axes.text(x + 0.9, y + 0.76, f"{block['customers'] / of:.0%}", color=ink, fontsize=10, ha="right", va="center")
    axes.text(x + 0.12, y + 0.47, f"{block['customers']:,} customers", color=ink, fontsize=10.5, va="center")
    axes.text(x + 0.12, y + 0.24, _money(block), color=ink, fontsize=9, alpha=0.9, va="center")


def _money(block: Json) -> str:
    return f"{_pounds(block['net_minor'])} · {block['lapsing']:,} lapsing"


def value_distribution(values_minor: Sequence[float]) -> str:
    """How many customers are expected to bring how much in the next twelve months, on a logarithmic scale."""
    with _drawing() as drawing:
        axes = drawing.axes
        values = np.maximum(np.asarray(values_minor, dtype=float) / 100, 1.0)
        edges = np.geomspace(1.0, max(10.0, float(values.max(initial=10.0)) * 1.01), 42)
        axes.hist(values, bins=edges.tolist(), color=TEAL, alpha=0.85, edgecolor="white", linewidth=0.4)
        axes.set_xscale("log")
        axes.margins(y=0.14)  # room for what the marks are called
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"£{value:,.0f}"))
        axes.set(xlabel="expected value in the next twelve months", ylabel="customers")
        middles = {"median": float(np.median(values)), "mean": float(values.mean())} if values.size else {}
        for name, at in middles.items():
            _mark(axes, at, name)
        return drawing.svg([f"{values.size:,} customers", *(f"{name} £{at:,.0f}" for name, at in middles.items())])


def _mark(axes: Axes, at: float, name: str) -> None:
    axes.axvline(at, color=AMBER, linewidth=1.4, linestyle="-" if name == "median" else "--")
    where = {"median": ("right", -4), "mean": ("left", 4)}[name]
    axes.annotate(
        f"{name} £{at:,.0f}", (at, 0.97), xycoords=("data", "axes fraction"), xytext=(where[1], 0),
        textcoords="offset points", color=AMBER, ha=where[0], va="top", fontsize=9,
    )  # fmt: skip


def repeat_purchases(weeks: Sequence[Json]) -> str:
    """Repeat purchases so far, expected and actual; the shaded weeks were held out of the fit."""
    with _drawing(13.2, 3.8) as drawing:
        axes = drawing.axes
        days: Any = [date.fromisoformat(week["ends_on"]) for week in weeks]
        expected = np.cumsum([week["expected"] or 0.0 for week in weeks])
        actual = np.cumsum([week["actual"] for week in weeks])
        held_out = [day for day, week in zip(days, weeks, strict=True) if week["holdout"]]
        if held_out:
            axes.axvspan(held_out[0], held_out[-1], color="#f4efe6", zorder=0, label="held out of the fit")
        axes.plot(days, actual, color=INK, linewidth=2, label="actual")
        axes.plot(days, expected, color=TEAL, linewidth=2, linestyle=(0, (4, 2)), label="expected")
        locator: Any = dates.AutoDateLocator(maxticks=7)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.set_ylabel("repeat purchases so far")
        axes.legend(loc="upper left")
        return drawing.svg(
            f"week to {week['ends_on']}: {so_far:,} repeat purchases, {hoped:,.0f} expected"
            for week, so_far, hoped in list(zip(weeks, actual, expected, strict=True))[-1:]
        )


def segment_sizes(segments: Sequence[SegmentFound], customers: int) -> str:
    """Each segment as a part of all customers."""
    with _drawing(6.4, 0.9 + 0.72 * len(segments)) as drawing:
        axes = drawing.axes
        axes.grid(visible=False)
        places = np.arange(len(segments))[::-1]
        axes.barh(places, [customers] * len(segments), color="#eef1f2", height=0.5)
        axes.barh(places, [segment.size for segment in segments], color=TEAL, height=0.5)
        for place, segment in zip(places, segments, strict=True):
            share = segment.size / customers if customers else 0.0
            axes.text(customers * 0.99, place, f"{segment.size:,} ({share:.1%})", va="center", ha="right", fontsize=10)
        axes.set_yticks(places, [segment.name for segment in segments], color=INK)
        axes.set_xlim(0, customers or 1)
        axes.xaxis.set_visible(False)
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
        return drawing.svg(f"{segment.name}: {segment.size:,} of {customers:,}" for segment in segments)


def sends_by_outcome(sends: Mapping[str, Mapping[str, int]]) -> str:
    """Messages of each campaign by what became of them."""
    with _drawing(6.4, 1.25 + 0.72 * len(sends)) as drawing:
        axes = drawing.axes
        axes.grid(visible=False)
        places = np.arange(len(sends))[::-1]
        start = np.zeros(len(sends))
        for outcome, colour in _OUTCOMES.items():
            counts = np.array([by.get(outcome, 0) for by in sends.values()], dtype=float)
            if counts.sum():
                axes.barh(places, counts, left=start, color=colour, height=0.5, label=f"{outcome} {counts.sum():,.0f}")
            start += counts
        for place, total in zip(places, start, strict=True):
            axes.text(total, place, f"  {total:,.0f}", va="center", fontsize=10)
        axes.set_yticks(places, list(sends), color=INK)
        axes.set_xlim(0, float(start.max(initial=1.0)) * 1.12)
        axes.xaxis.set_visible(False)
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
        axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.02), ncols=4)
        return drawing.svg(
            f"{name}: " + ", ".join(f"{count:,} {outcome}" for outcome, count in by.items() if count)
            for name, by in sends.items()
        )


def _pounds(minor: float) -> str:
    pounds = minor / 100
    return f"£{pounds / 1e6:.2f}M" if abs(pounds) >= 1e6 else f"£{pounds / 1e3:,.0f}k"
