"""The arrows and sizes of the house, read from the syntax trees (docs/decisions tells why)."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("geo", "analysis", "ui")
DOORS = ("app", "cli")
MAY_IMPORT = {
    "geo": {"geo"},
    "analysis": {"geo", "analysis"},
    "ui": {"geo", "analysis", "ui"},
    "app": {"geo", "analysis", "ui"},
    "cli": {"geo", "analysis", "ui"},
}
# What both doors show: the same map, report, tables and words.
CLI_MAY_USE = (
    *("ui.maps", "ui.report", "ui.tables", "ui.terminal", "ui.views", "ui.warm", "ui.word"),
    "ui.wording",
)
SCREEN = {"streamlit", "folium", "streamlit_folium", "branca", "altair"}
TOP_LEVEL = {
    *("app.py", "cli.py", "pyproject.toml", "Makefile", "constraints.txt", "README.md"),
    *("CHANGELOG.md", "LICENSE", ".ci", ".streamlit", ".gitignore"),
    *("data", "geo", "analysis", "ui", "tests", "benchmarks", "docs"),
}
MODULE_LINES, PAGE_LINES, BODY_LINES = 400, 80, 50

Functions = ast.FunctionDef | ast.AsyncFunctionDef


def module_name(path: Path) -> str:
    """Return the dotted name a file is imported by."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _product() -> dict[str, Path]:
    files = [
        f for part in PARTS for f in (ROOT / part).rglob("*.py") if "node_modules" not in f.parts
    ]
    files += [ROOT / f"{door}.py" for door in DOORS if (ROOT / f"{door}.py").exists()]
    return {module_name(f): f for f in sorted(files)}


MODULES = _product()
EACH_MODULE = pytest.mark.parametrize("name", MODULES)


@cache
def tree_of(name: str) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


def imports_of(tree: ast.AST, *, package: str) -> Iterator[str]:
    """Yield the dotted name behind every import, inside functions too.

    ``from a import b`` yields ``a.b``, which :func:`resolve` brings back to a module.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*above, node.module or ""]) if node.level else node.module or ""
            yield from (f"{base.rstrip('.')}.{alias.name}" for alias in node.names)


def package_of(name: str) -> str:
    """Return the package that a module's relative imports start from."""
    return name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]


def resolve(dotted: str) -> str | None:
    """Return the product's module that an imported name lies in, if it is the product's."""
    while dotted and dotted not in MODULES:
        dotted = dotted.rpartition(".")[0]
    return dotted or None


@cache
def neighbours(name: str) -> frozenset[str]:
    """Return the product's own modules that one imports."""
    found = {resolve(d) for d in imports_of(tree_of(name), package=package_of(name))}
    return frozenset(m for m in found if m is not None and m != name)


@cache
def functions(name: str) -> tuple[Functions, ...]:
    """Return every function of a module, inner ones and methods included."""
    return tuple(n for n in ast.walk(tree_of(name)) if isinstance(n, Functions))


def body_lines(function: Functions) -> int:
    """Return how many lines a function's body takes, its docstring not counted."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _public(node: ast.AST) -> Iterator[Functions | ast.ClassDef]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Functions | ast.ClassDef) and not child.name.startswith("_"):
            yield child
            if isinstance(child, ast.ClassDef):
                yield from _public(child)


def _attributes(name: str) -> set[str]:
    used = {n.attr for n in ast.walk(tree_of(name)) if isinstance(n, ast.Attribute)}
    return used | {d.rpartition(".")[2] for d in imports_of(tree_of(name), package=name)}


def test_the_tree_is_found() -> None:
    assert {"geo.errors", "geo.schema", "analysis.scenario", "ui.maps"} <= set(MODULES)


@EACH_MODULE
def test_arrows(name: str) -> None:
    part = name.partition(".")[0]
    wrong = {m for m in neighbours(name) if m.partition(".")[0] not in MAY_IMPORT[part]}
    if name == "cli":
        wrong |= {
            m for m in neighbours(name) if m.startswith("ui") and not m.startswith(CLI_MAY_USE)
        }
    assert not wrong


@EACH_MODULE
def test_geo_and_analysis_know_no_screen(name: str) -> None:
    tops = {d.partition(".")[0] for d in imports_of(tree_of(name), package=package_of(name))}
    assert not name.startswith(("geo", "analysis")) or not tops & SCREEN


def test_the_command_line_never_loads_the_screen() -> None:
    code = "import sys, cli; sys.exit('streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


@EACH_MODULE
def test_pages_never_import_each_other(name: str) -> None:
    if name.startswith("ui.pages."):
        assert not {m for m in neighbours(name) if m.startswith("ui.pages")}


def test_no_circles() -> None:
    try:
        TopologicalSorter({name: neighbours(name) for name in MODULES}).prepare()
    except CycleError as circle:
        pytest.fail(" → ".join(circle.args[1]))


@EACH_MODULE
def test_session_and_cache_have_one_home(name: str) -> None:
    used = _attributes(name)
    assert name == "ui.state" or "session_state" not in used
    assert name == "ui.cached" or not {a for a in used if a in ("cache_data", "cache_resource")}


@EACH_MODULE
def test_sizes(name: str) -> None:
    lines = len(MODULES[name].read_text(encoding="utf-8").splitlines())
    assert lines <= (PAGE_LINES if name.startswith("ui.pages.") else MODULE_LINES)
    assert not {f.name: n for f in functions(name) if (n := body_lines(f)) > BODY_LINES}


@EACH_MODULE
def test_everything_public_is_described(name: str) -> None:
    assert ast.get_docstring(tree_of(name)) or not tree_of(name).body
    assert not [n.name for n in _public(tree_of(name)) if not ast.get_docstring(n)]


@EACH_MODULE
def test_nothing_is_swallowed_printed_or_left_open(name: str) -> None:
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else ""
            assert caught not in ("", "Exception", "BaseException"), node.lineno
        if isinstance(node, ast.Raise) and node.exc:
            assert "NotImplementedError" not in ast.unparse(node.exc), node.lineno
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print":
            assert name == "cli", node.lineno


def test_top_level_stays_as_decided() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    assert {path.partition("/")[0] for path in listed.split("\0") if path} <= TOP_LEVEL
