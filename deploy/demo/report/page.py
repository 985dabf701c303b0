"""The page: findings and plots in one file that needs no other."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from deploy.demo.checks import told
from deploy.demo.findings import Findings
from deploy.demo.report import charts


def write_report(findings: Findings, path: Path) -> None:
    """Write the page to `path`."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["told"] = told
    weeks = findings.fit["tracking"]
    page = environment.get_template("page.html.j2").render(
        findings=findings,
        fit=findings.fit,
        attempts=findings.fit["attempts"],
        grid=Markup(charts.six_block_grid(findings.grid)),  # noqa: S704 - drawn by us
        values=Markup(charts.value_distribution(findings.values_minor)),  # noqa: S704
        repeats=Markup(charts.repeat_purchases(weeks)),  # noqa: S704
        segments=Markup(charts.segment_sizes(findings.segments, findings.customers)),  # noqa: S704
        sends=Markup(charts.sends_by_outcome(findings.sends)),  # noqa: S704
        held=sum(check.holds for check in findings.checks),
    )
    path.write_text(page, encoding="utf-8")
