"""What is imported is declared, pinned and free to use; what is raised can be said in Chinese."""

from __future__ import annotations

import ast
import itertools
import json
import re
import string
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from geo.errors import RoomplanError
from geo.intake.report import TEXTS
from test_layers import DOORS, MODULES, PARTS, ROOT, functions, imports_of, package_of, tree_of
from ui.wording import Words

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OLDEST = "3.11.2"  # of Debian 12
RUN_EXTRAS = ("server", "roads")
SAID_ELSEWHERE = {"streamlit-folium": "MIT (LICENSE in its repository; the wheel says nothing)"}
OWN = {*PARTS, *DOORS}

# ---------------------------------------------------------------- what is imported and installed


def requirements_of(*extras: str) -> list[Requirement]:
    """Return what the project declares, with the extras named."""
    optional = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *(line for extra in extras for line in optional[extra])]
    return [Requirement(line) for line in lines]


def closure(roots: list[Requirement]) -> set[str]:
    """Return the names of all packages that some requirements bring along."""
    todo, done = list(roots), set()
    while todo:
        requirement = todo.pop()
        key = (canonicalize_name(requirement.name), *sorted(requirement.extras))
        if key in done:
            continue
        done.add(key)
        for line in metadata.requires(requirement.name) or ():
            needed = Requirement(line)
            extras = requirement.extras or {""}
            if not needed.marker or any(needed.marker.evaluate({"extra": e}) for e in extras):
                todo.append(needed)
    return {key[0] for key in done}


@cache
def pins() -> dict[str, str]:
    """Return the exact version that constraints.txt gives each package."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    return {canonicalize_name(name): version for name, version in (s.split("==") for s in lines)}


@cache
def owners() -> dict[str, list[str]]:
    """Return the packages that bring each importable name."""
    return dict(metadata.packages_distributions())


def third_party(name: str) -> set[str]:
    """Return the packages that a module imports and that are neither ours nor Python's."""
    tops = {d.partition(".")[0] for d in imports_of(tree_of(name), package=package_of(name))}
    foreign = tops - OWN - set(sys.stdlib_module_names)
    return {canonicalize_name(owners()[top][0]) if top in owners() else top for top in foreign}


@pytest.mark.parametrize("name", MODULES)
def test_imports_are_declared_for_running(name: str) -> None:
    declared = {canonicalize_name(r.name) for r in requirements_of(*RUN_EXTRAS)}
    assert third_party(name) <= declared


def test_everything_installed_is_pinned_to_what_is_tested() -> None:
    needed = closure(requirements_of(*RUN_EXTRAS, "build", "test"))
    assert {name: metadata.version(name) for name in needed} == {
        name: version for name, version in pins().items() if name in needed
    }


def test_pins_fit_the_oldest_python() -> None:
    """A newer 3.11 may pin what Debian 12's cannot install; its pip then searches for ever."""
    needed = closure(requirements_of(*RUN_EXTRAS, "build", "test"))
    asked = {name: metadata.metadata(name).get("Requires-Python") or "" for name in needed}
    assert not {name: text for name, text in asked.items() if OLDEST not in SpecifierSet(text)}


def test_declared_packages_are_the_explicit_list_on_disk() -> None:
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    found = {".".join(p.parent.relative_to(ROOT).parts) for p in MODULES.values()} - {""}
    assert found == set(setuptools["packages"])


def licence_of(name: str) -> str:
    """Return what a package says of its licence, the first lines of a full text only."""
    about = metadata.metadata(name)
    said = [
        SAID_ELSEWHERE.get(name),
        about.get("License-Expression"),
        (about.get("License") or "")[:200],
    ]
    said += [c for c in about.get_all("Classifier") or () if c.startswith("License")]
    return "; ".join(s for s in said if s)


def is_copyleft(licence: str) -> bool:
    """Tell GPL and AGPL from LGPL and from the compiler's run-time exception."""
    text = re.sub(r"GPL[-\w.]* WITH [-\w.]*exception", "", licence, flags=re.I)
    text = re.sub(r"GNU (Lesser|Library) General Public", "", text, flags=re.I)
    return bool(re.search(r"(?<!L)GPL|General Public", text))


@pytest.mark.parametrize(
    ("licence", "answer"),
    [
        ("GPL-3.0-or-later", True),
        ("AGPL-3.0", True),
        ("License :: OSI Approved :: GNU Affero General Public License v3", True),
        ("LGPL-3.0-only", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("BSD-3-Clause AND GPL-3.0-or-later WITH GCC-exception-3.1", False),
        ("MIT", False),
    ],
)
def test_copyleft_is_told_apart(licence: str, answer: bool) -> None:
    assert is_copyleft(licence) is answer


def test_what_runs_is_free_of_gpl() -> None:
    names = closure(requirements_of(*RUN_EXTRAS))
    licences = {name: licence_of(name) for name in names}
    assert not {name: text for name, text in licences.items() if is_copyleft(text)}
    assert "numpy" in licences
    assert all(licences.values()), "a package that says nothing of its licence"


def test_the_lock_file_names_no_download_address() -> None:
    lock = json.loads((ROOT / "ui/frontend/package-lock.json").read_text(encoding="utf-8"))
    assert not [name for name, entry in lock["packages"].items() if "resolved" in entry]
    assert [name for name, entry in lock["packages"].items() if "integrity" in entry]


# ---------------------------------------------------------------- what is raised and its wording

Call = tuple[ast.Call, ast.FunctionDef | None]
Variant = tuple[str, frozenset[str] | None]  # a text, and the facts its caller hands on with it


@cache
def error_classes() -> frozenset[str]:
    """Return the names of the whole RoomplanError family, those that gather others left out."""
    classes = [n for m in MODULES for n in ast.walk(tree_of(m)) if isinstance(n, ast.ClassDef)]
    family = {RoomplanError.__name__}
    while (
        more := {
            c.name for c in classes if {ast.unparse(b).rpartition(".")[2] for b in c.bases} & family
        }
        - family
    ):
        family |= more
    gather = {c.name for c in classes if "__init__(self, faults" in ast.unparse(c)}
    return frozenset(family - gather)


@cache
def calls_of(module: str) -> tuple[Call, ...]:
    """Return every call in a module with the innermost function around it."""
    around: dict[ast.AST, ast.FunctionDef] = {}
    for function in functions(module):
        around |= {node: function for node in ast.walk(function) if node is not function}
    return tuple((n, around.get(n)) for n in ast.walk(tree_of(module)) if isinstance(n, ast.Call))


def called(call: ast.Call) -> str:
    """Return the bare name of what a call calls."""
    return ast.unparse(call.func).rpartition(".")[2]


def callers(module: str, function: ast.FunctionDef | None) -> list[Call]:
    """Return the calls of a function inside its own module."""
    return [(c, f) for c, f in calls_of(module) if function and called(c) == function.name]


def argument(call: ast.Call, function: ast.FunctionDef, name: str) -> ast.expr | None:
    """Return what a call hands over as one parameter."""
    names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    names = names[1:] if names[:1] in (["self"], ["cls"]) else names
    if name in names and names.index(name) < len(call.args):
        return call.args[names.index(name)]
    return next((k.value for k in call.keywords if k.arg == name), None)


def facts_of(
    module: str, call: ast.Call, function: ast.FunctionDef | None, handed: frozenset[str] | None
) -> frozenset[str]:
    """Return the facts a call surely gives; ``**facts`` are those handed on, or all callers'."""
    facts = frozenset(k.arg for k in call.keywords if k.arg)
    if all(k.arg for k in call.keywords):
        return facts
    if handed is None:
        each = [facts_of(module, c, f, None) for c, f in callers(module, function)]
        handed = frozenset.intersection(*each) if each else frozenset()
    return facts | handed


def _local(function: ast.FunctionDef, name: str) -> Iterator[ast.expr]:
    """Yield what a local name is set to, by ``=`` or by a loop over a written-out tuple."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            yield node.value
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Tuple | ast.List):
            targets = ast.unparse(node.target).strip("()").split(", ")
            if name in targets:
                rows = (r for r in node.iter.elts if isinstance(r, ast.Tuple))
                yield from (row.elts[targets.index(name)] for row in rows)


def variants(
    module: str, value: ast.expr | None, function: ast.FunctionDef | None
) -> Iterator[Variant]:
    """Yield every text an expression can be, following parameters back to the callers."""
    if isinstance(value, ast.Constant):
        yield str(value.value), None
    elif isinstance(value, ast.IfExp):
        yield from variants(module, value.body, function)
        yield from variants(module, value.orelse, function)
    elif isinstance(value, ast.FormattedValue):
        yield from variants(module, value.value, function)
    elif isinstance(value, ast.JoinedStr):
        parts = [list(variants(module, part, function)) for part in value.values]
        for chosen in itertools.product(*parts):
            handed = [facts for _, facts in chosen if facts is not None]
            together = frozenset.intersection(*handed) if handed else None
            yield "".join(text for text, _ in chosen), together
    elif isinstance(value, ast.Name) and function is not None:
        for local in _local(function, value.id):
            yield from variants(module, local, function)
        for call, outer in callers(module, function):
            for text, handed in variants(module, argument(call, function, value.id), outer):
                yield text, facts_of(module, call, outer, handed)


def raised(module: str) -> Iterator[tuple[str, frozenset[str], int]]:
    """Yield code, facts and line of every error that a module makes."""
    for call, function in calls_of(module):
        if called(call) in error_classes() and call.args:
            found = list(variants(module, call.args[0], function))
            # The child process's errors, and remarks put into words, are passed on as they came.
            passed_on = module.startswith("ui.") or isinstance(call.args[0], ast.Subscript)
            passed_on |= ast.unparse(call.args[0]) == "error.code"
            assert found or passed_on, f"{module}:{call.lineno}: no test can tell the code"
            for code, handed in found:
                yield code, facts_of(module, call, function, handed), call.lineno


@cache
def templates() -> dict[str, str]:
    """Return the Chinese sentence of every code."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "ui/wording/errors_zh").glob("*.toml")):
        for code, text in tomllib.loads(path.read_text(encoding="utf-8")).items():
            assert code not in found, f"{code} stands twice"
            assert isinstance(text, str), f"{path.name}: write {code} in quotation marks"
            found[code] = text
    return found


@pytest.mark.parametrize("module", MODULES)
def test_every_error_can_be_said_in_chinese(module: str) -> None:
    wrong = []
    for code, facts, line in raised(module):
        text = templates().get(code)
        fields = {f for _, f, _, _ in string.Formatter().parse(text or "") if f is not None}
        if text is None or not fields <= facts:
            wrong.append((line, code, sorted(fields - facts) if text else "no sentence"))
    assert not wrong


def test_no_sentence_is_left_over() -> None:
    used = {code for module in MODULES for code, _, _ in raised(module)}
    remarks = {f"intake.{part}.{code}" for part in ("row", "remedy") for code in TEXTS}
    assert remarks <= set(templates())
    assert not sorted(set(templates()) - used - remarks)


def test_an_explained_error_is_chinese_with_its_facts() -> None:
    error = RoomplanError("reach.shape", "rooms: wrong shape.", table="rooms.csv", value="(3, 1)")
    said = Words("zh").explain(error)
    assert "rooms.csv" in said
    assert re.search(r"[\u4e00-\u9fff]", said)
