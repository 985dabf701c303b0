"""Pages that speak of the code say what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture import settings_page
from tests.architecture.suite import ROOT, all_environment_names

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
OF_TESTS = {"RAPPORT_REQUIRE_SERVICES"}
OF_THE_COMMAND = {"RAPPORT_API_KEY"}
OF_A_SUITE = {f"RAPPORT_{service.upper()}_URL" for service in ("profile", "messaging", "scoring", "events")}


def test_the_settings_page_is_that_of_the_classes() -> None:
    assert settings_page.PAGE.read_text("utf-8") == settings_page.page(), (
        "run: python -m tests.architecture.settings_page"
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_settings_files_and_targets_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    variables = set(re.findall(r"\bRAPPORT_[A-Z0-9_]*[A-Z0-9]\b", text))
    assert variables <= all_environment_names() | OF_TESTS | OF_THE_COMMAND | OF_A_SUITE
    folders = ("services", "shared", "deploy", "tests", "docs")
    paths = re.findall(rf"`((?:{'|'.join(folders)})/[\w./-]+)`", text)
    assert [path for path in paths if not (ROOT / path).exists()] == []
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= targets


def test_decisions_are_numbered_without_gaps_and_have_the_same_parts() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        headings = re.findall(r"^## (.+)$", record.read_text("utf-8"), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences", "Alternatives"], record.name
