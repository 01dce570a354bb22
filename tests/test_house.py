"""The rules of the house that no linter knows: sizes, layers, words, one writer per table."""

import ast
import functools
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import PATIENCE

import axiom

PACKAGE = Path(axiom.__file__).parent
ROOT = PACKAGE.parent.parent
GLOSSARY = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
SOURCES = sorted(PACKAGE.rglob("*.py"))
PROGRAMS = sorted(path for folder in ("scripts", "tests") for path in (ROOT / folder).rglob("*.py"))
FOLDERS = sorted({path.parent for path in SOURCES if path.parent != PACKAGE})
PACKAGES = {folder.name for folder in FOLDERS if folder.parent == PACKAGE}


@functools.cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Everything that stands in a file, read once for all tests."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [*SOURCES, *PROGRAMS], ids=name_of)
def test_a_file_stays_short(path):
    limit = 200 if path.parent.name == "catalogue" else 400
    assert len(path.read_text(encoding="utf-8").splitlines()) <= limit


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_function_stays_short(path):
    functions = [node for node in nodes(path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = {each.name: each.end_lineno - each.lineno + 1 for each in functions if each.end_lineno - each.lineno >= 40}
    assert long == {}


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_a_folder_says_why_it_exists(folder):
    lines = (folder / "README.md").read_text(encoding="utf-8").splitlines()
    assert 3 <= len(lines) <= 15
    assert lines[0].startswith(f"# {folder.name}")


EVERYTHING = {
    *("cli", "web", "mcp", "notebook", "pi", "commands", "lab", "server", "engines", "store", "decisions", "boinc"),
    *("figures", "statistics", "catalogue", "runner", "kit", "signed", "domain", "simulation"),
}
# For each contract the folders that it binds, also those that do not exist yet: a contract may only name what exists,
# so the lists in pyproject.toml grow with the folders, and a new folder cannot be forgotten.
BOUND = {
    "pure": {"domain", "statistics", "decisions", "boinc"},
    "small": {"domain", "kit", "signed", "runner", "catalogue"},
    "parent": {"runner", "signed"},
    "jax": EVERYTHING - {"kit", "catalogue"},
    "catalogue": EVERYTHING - {"kit", "catalogue", "domain", "signed"},
    "scipy": EVERYTHING - {"statistics"},
    "altair": EVERYTHING - {"figures"},
    "sql": {"cli", "web", "mcp", "notebook", "pi", "commands", "lab", "server", "engines"},
    "site": {"web", "notebook"},
    "pi": {"pi", "mcp"},
    "edge": EVERYTHING - {"cli", "web", "mcp", "server"},
}
CONTRACTS = {
    contract["id"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}
# One deliberate violation each: the module that commits it, and what it says.
VIOLATIONS = [
    ("layers", "store/stray.py", "import axiom.lab"),
    ("layers", "decisions/stray.py", "import axiom.store"),
    ("layers", "utils.py", ""),
    ("pure", "decisions/stray.py", "import time"),
    ("pure", "domain/stray.py", "import axiom.settings"),
    ("small", "kit/stray.py", "import click"),
    ("parent", "runner/stray.py", "import numpy"),
    ("jax", "store/stray.py", "import jax"),
    ("catalogue", "engines/stray.py", "import axiom.catalogue.lazy_vs_feature_learning"),
    ("catalogue", "lab/stray.py", "import axiom.kit.chance"),
    ("scipy", "lab/stray.py", "import scipy.special"),
    ("altair", "server/stray.py", "import axiom.figures.render"),
    ("alone", "catalogue/stray.py", "import axiom.catalogue.lazy_vs_feature_learning"),
    ("sql", "server/stray.py", "import sqlite3"),
    ("site", "web/stray.py", "import axiom.lab"),
    ("pi", "pi/stray.py", "import axiom.store"),
    ("edge", "commands/stray.py", "import asyncio"),
    ("cycles", "domain/stray/__init__.py", "import axiom.domain.work\nimport axiom.domain.stray.a"),
]


def test_every_folder_is_bound_by_the_contracts():
    assert PACKAGES <= EVERYTHING, "a new folder: say in BOUND which contracts bind it"
    listed = {
        contract: {module.removeprefix("axiom.") for module in CONTRACTS.get(contract, {}).get("source_modules", [])}
        for contract in BOUND
    }
    modules = PACKAGES | {path.stem for path in PACKAGE.glob("*.py")}
    assert listed == {contract: bound & modules for contract, bound in BOUND.items()}


def test_every_contract_is_shown_to_fail():
    assert {contract for contract, _, _ in VIOLATIONS} == set(CONTRACTS)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("layers")
    shutil.copytree(PACKAGE, folder / "axiom", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def broken(copy: Path, *options: str) -> list[str]:
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    program = Path(sys.executable).with_name("lint-imports")
    command = [program, "--config", "pyproject.toml", "--cache-dir", "cache", "--no-logo", *options]
    done = subprocess.run(
        command, cwd=copy, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert "Contracts:" in done.stdout, done.stdout + done.stderr
    assert (done.returncode != 0) == (" BROKEN" in done.stdout)
    return re.findall(r"^(.*) BROKEN", done.stdout, re.MULTILINE)


def test_every_contract_is_kept(copy):
    assert broken(copy) == []


@pytest.mark.parametrize(("contract", "module", "code"), VIOLATIONS, ids=lambda each: each.split("\n")[0])
def test_each_contract_catches_its_violation(copy, contract, module, code):
    stray = copy / "axiom" / module
    created = stray.parent if not stray.parent.exists() else stray
    stray.parent.mkdir(exist_ok=True)
    stray.write_text(code)
    if contract == "cycles":
        stray.with_name("a.py").write_text("import axiom.domain.stray.b")
        stray.with_name("b.py").write_text("import axiom.domain.stray.a")
    try:
        assert broken(copy, "--contract", contract) == [CONTRACTS[contract]["name"]]
    finally:
        shutil.rmtree(created) if created.is_dir() else created.unlink()


def imports(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(("library", "homes"), [("click", {"cli", "__main__.py"}), ("pydantic", {"commands", "web"})])
def test_a_library_stays_in_its_folder(library, homes):
    found = {
        path.relative_to(PACKAGE).parts[0]
        for path in SOURCES
        if any(name.split(".")[0] == library for name in imports(path))
    }
    assert found <= homes


def test_scipy_means_scipy_special():
    names = {name for path in SOURCES for name in imports(path) if name.split(".")[0] == "scipy"}
    assert {name for name in names if not name.startswith("scipy.special")} == set()


def test_the_command_line_starts_without_anything_heavy():
    code = "import sys, axiom.cli.main; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    heavy = {"numpy", "pydantic", "jax", "rich", "altair", "starlette", "uvicorn", "cryptography"}
    assert heavy & set(done.stdout.split()) == set()


def test_what_a_person_waits_for_imports_nothing_that_can_wait():
    code = "import sys, axiom.cli.running, axiom.cli.replicates; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert {"numpy", "pydantic", "http.client", "altair"} & set(done.stdout.split()) == set()


WRITES = re.compile(
    r"\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO\s+(\w+)|REPLACE\s+INTO\s+(\w+)|DELETE\s+FROM\s+(\w+)|UPDATE\s+(\w+)\s+SET)\b",
    re.IGNORECASE,
)
TABLES = {
    table
    for migration in (PACKAGE / "store" / "migrations").glob("*.sql")
    for table in re.findall(r"^CREATE TABLE (\w+)", migration.read_text(encoding="utf-8"), re.MULTILINE)
}


def statements(path: Path) -> Iterator[str]:
    """Every string of a file but its docstrings, which may speak of SQL in plain words."""
    spoken = {id(node.value) for node in nodes(path) if isinstance(node, ast.Expr)}
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in spoken:
            yield node.value


@functools.cache
def writers() -> dict[str, set[str]]:
    found = defaultdict(set)
    for path in SOURCES:
        for sql in statements(path):
            for table in map("".join, WRITES.findall(sql)):
                found[table].add(str(path.relative_to(PACKAGE)))
    return found


def test_each_table_has_one_writer():
    assert {table: sorted(modules) for table, modules in writers().items() if len(modules) > 1} == {}


def test_only_the_store_writes():
    assert {module for modules in writers().values() for module in modules if not module.startswith("store/")} == set()


def test_every_table_is_written():
    assert TABLES - set(writers()) == set()


FORBIDDEN = {"trial", "wu", "canary", "replica", "util", "helper", "manager", "user", "owner", "machine", "client"}
ALLOWED = {"ABORTED_BY_USER"}  # BOINC's name of exit status 203


def defined(path: Path) -> Iterator[str]:
    """The names that a file makes; what it only uses may be a library's."""
    yield path.stem
    for node in nodes(path):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name
            case ast.alias(asname=str(name)):
                yield name


def words(name: str) -> set[str]:
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    return {part.lower() for part in parts} | {part.lower().removesuffix("s") for part in parts}


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_names_are_the_glossary_s_words(path):
    assert {name for name in defined(path) if name not in ALLOWED and words(name) & FORBIDDEN} == set()


def rows(heading: str) -> list[list[str]]:
    section = GLOSSARY.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| **")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def claimed(column: int) -> set[str]:
    return {word for row in rows("In use") for word in re.findall(r"`([^`]+)`", row[column])}


def classes(sources: list[Path]) -> set[str]:
    return {node.name for path in sources for node in nodes(path) if isinstance(node, ast.ClassDef)}


def test_every_table_has_its_word():
    keeping = GLOSSARY.split("Tables without a word of their own")[1].split("\n\n")[0]
    housekeeping = set(re.findall(r"`(\w+)`", keeping))
    assert claimed(3) | housekeeping == TABLES | {"migration"}


def test_every_class_of_the_domain_has_its_word():
    assert classes([path for path in SOURCES if path.parent.name == "domain"]) - claimed(2) == set()


def test_the_glossary_claims_only_classes_that_exist():
    assert claimed(2) - classes(SOURCES) == set()


def test_a_word_has_one_row():
    names = [row[0] for row in rows("In use")]
    assert sorted(names) == sorted(set(names))
