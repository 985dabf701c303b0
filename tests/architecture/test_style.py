"""Sizes and words that keep the code readable file by file."""

from __future__ import annotations

import ast
from pathlib import Path
from statistics import median, quantiles

import pytest

from tests.architecture.suite import ROOT

CODE = sorted(
    file
    for folder in ("services", "shared", "deploy")
    for file in (ROOT / folder).rglob("*.py")
    if "versions" not in file.parts
)
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "manager", "base", "core", "misc"}
LONGEST_FILE = 400


def lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def functions(file: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [n for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


@pytest.mark.parametrize("file", CODE, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_file_is_small_named_for_what_it_does_and_says_what_it_is_for(file: Path) -> None:
    text = file.read_text()
    assert text.count("\n") <= LONGEST_FILE
    assert not EMPTY_WORDS & {file.stem, file.parent.name}
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "a module without a docstring"


def test_files_and_functions_are_short_on_the_whole() -> None:
    files = [file.read_text().count("\n") for file in CODE if file.stat().st_size]
    sizes = [lines(function) for file in CODE for function in functions(file)]
    assert median(files) <= 100
    assert median(sizes) <= 10
    assert quantiles(sizes, n=10)[-1] <= 30


def test_functions_with_many_parameters_take_them_by_name() -> None:
    positional = [
        f"{file.relative_to(ROOT)}:{function.lineno} {function.name}"
        for file in CODE
        for function in functions(file)
        if len([a for a in function.args.args if a.arg not in ("self", "cls")]) > 4
        and not function.decorator_list
        and not function.name.startswith("handle_")  # aiosmtpd says how those are called
    ]
    assert positional == []


def test_nothing_is_left_for_later() -> None:
    later = ("TODO", "FIXME", "XXX", "NotImplementedError", "HACK")
    left = [f"{file.relative_to(ROOT)}: {word}" for file in CODE for word in later if word in file.read_text()]
    assert left == []
