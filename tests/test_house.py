"""Rules of the house that no linter knows: layers, homes of libraries, one writer for each table."""

import ast
import functools
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from patience import PATIENCE

import axiom

PACKAGE = Path(axiom.__file__).parent
ROOT = PACKAGE.parent.parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
FOLDERS = sorted({path.parent for path in SOURCES if path.parent != PACKAGE})  # only those with Python in them


@functools.cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Everything that stands in a file, read once for all tests."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_readme_of_a_package_names_its_rooms():
    unnamed = {
        name_of(folder)
        for folder in FOLDERS
        if folder.parent.parent == PACKAGE
        and f"`{folder.name}/`" not in (folder.parent / "README.md").read_text(encoding="utf-8")
    }
    assert unnamed == set()


def imports(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


HOMES = {
    "click": {"cli", "__main__.py"},
    "mcp": {"mcp"},
    "pydantic": set(),
    "anthropic": {"models"},
    "openai": {"models"},
    "httpx2": {"models"},
}


def test_a_library_stays_in_its_folder():
    strays = {
        (name_of(path), library)
        for path in SOURCES
        for library in {name.split(".")[0] for name in imports(path)} & HOMES.keys()
        if path.relative_to(PACKAGE).parts[0] not in HOMES[library]
    }
    assert strays == set()


ONLY_HERE = {  # and what else may be done there than what `atomic_files`, `posix` and `http_client` are for
    "os.fsync": {
        "signed/atomic_files.py",
        "store/journal/journal.py",  # its file stays open from one record to the next
        "service/doctor_checks.py",  # measures how long it takes
    },
    "fcntl.flock": {
        "runner/platform/posix.py",
        "store/engine/folder.py",  # those who only ask who holds the folder share its lock
    },
    "http.client.HTTPConnection": {
        "http_client.py",
        "gate/client.py",  # one through a socket of this computer
    },
    "http.client.HTTPSConnection": {"http_client.py"},
}


def test_files_are_synced_and_locked_and_servers_are_asked_in_one_place_each():
    users = defaultdict(set)
    for path in SOURCES:
        types = {
            id(part)
            for node in nodes(path)
            for hint in (getattr(node, "annotation", None), getattr(node, "returns", None))
            if hint is not None
            for part in ast.walk(hint)
        }
        names = {ast.unparse(node) for node in nodes(path) if isinstance(node, ast.Attribute) and id(node) not in types}
        for name in (names | set(imports(path))) & ONLY_HERE.keys():
            users[name].add(path.relative_to(PACKAGE).as_posix())
    assert users == ONLY_HERE


def test_scipy_means_scipy_special():
    names = {name for path in SOURCES for name in imports(path) if name.split(".")[0] == "scipy"}
    assert {name for name in names if not name.startswith("scipy.special")} == set()


def test_the_command_line_starts_without_anything_heavy():
    code = "import sys, axiom.cli.main; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    heavy = {"numpy", "pydantic", "jax", "rich", "vl_convert", "starlette", "httptools", "cryptography"}
    assert heavy & set(done.stdout.split()) == set()


def test_what_a_person_waits_for_imports_nothing_that_can_wait():
    code = "import sys, axiom.cli.experiment.run, axiom.cli.experiment.run_sweep; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert {"numpy", "pydantic", "http.client", "vl_convert"} & set(done.stdout.split()) == set()


WRITES = re.compile(
    r"\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO\s+(\w+)|REPLACE\s+INTO\s+(\w+)|DELETE\s+FROM\s+(\w+)"
    r"|UPDATE\s+(?:OR\s+\w+\s+)?(\w+)(?:\s+AS\s+\w+)?\s+SET)\b",
    re.IGNORECASE,
)
MIGRATIONS = "\n".join(file.read_text(encoding="utf-8") for file in (PACKAGE / "store" / "migrations").glob("*.sql"))
TABLES = {
    table
    for table in re.findall(r"^CREATE TABLE (\w+)", MIGRATIONS, re.MULTILINE)
    if not table.endswith("_again")  # one that takes the name of the table that it stands for
} - (set(re.findall(r"^DROP TABLE (\w+)", MIGRATIONS, re.MULTILINE)) - set(re.findall(r"RENAME TO (\w+)", MIGRATIONS)))


def statements(path: Path) -> Iterator[str]:
    """Every string of a file but its docstrings, which may speak of SQL in plain words."""
    spoken = {id(node.value) for node in nodes(path) if isinstance(node, ast.Expr)}
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in spoken:
            yield node.value


def room_of(path: Path) -> str:
    """The sub-package of the store that a file belongs to; elsewhere, and directly in the store, the file itself."""
    parts = path.relative_to(PACKAGE).parts
    return "/".join(parts[:2])


@functools.cache
def writers() -> dict[str, set[str]]:
    rooms = defaultdict(set)
    for path in SOURCES:
        for sql in statements(path):
            for table in map("".join, WRITES.findall(sql)):
                rooms[table].add(room_of(path))
        for node in nodes(path):
            match node:  # a row by the names of its columns
                case ast.Call(
                    func=ast.Attribute(attr="add" | "add_all" | "change"), args=[ast.Constant(value=str(table)), *more]
                ):
                    if table in TABLES and (more or node.keywords):
                        rooms[table].add(room_of(path))
    return rooms


def test_one_room_of_the_store_writes_each_table():
    assert {table: sorted(modules) for table, modules in writers().items() if len(modules) > 1} == {}


def test_only_the_store_writes():
    assert {module for modules in writers().values() for module in modules if not module.startswith("store/")} == set()


def test_every_table_is_written():
    assert TABLES - set(writers()) == set()


MOST_FILES = 26  # that a reader can look over; the experiments and their kit are a list


def test_a_folder_can_be_looked_over():
    files_in = Counter(path.parent for path in SOURCES if path.stem != "__init__")
    lists = {PACKAGE / "kit"}
    assert {
        name_of(folder): files for folder, files in files_in.items() if files > MOST_FILES and folder not in lists
    } == {}


MOST_LETTERS = 80  # in the name of a test, so that a list of failures can be read


def test_the_name_of_a_test_is_read_at_a_glance():
    folders = (ROOT / "tests", ROOT / "campaigns" / "tests", *ROOT.glob("packages/*/tests"))
    texts = [file.read_text(encoding="utf-8") for folder in folders for file in folder.rglob("test_*.py")]
    names = [name for text in texts for name in re.findall(r"^ *def (test_\w+)", text, re.MULTILINE)]
    assert names
    assert [name for name in names if len(name) > MOST_LETTERS] == []
