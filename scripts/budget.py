"""Does each part of the project keep within budget.toml? Prints what does not; with --show, every figure."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EMPTY = {"one", "found", "said", "known", "each", "asked", "told", "held", "given", "met"}
PARTS = {
    "core": ("src/axiom/*.py",),
    "weigh": ("packages/axiom-weigh/src/*.py",),
    "adopt": ("packages/axiom-adopt/src/*.py",),
    "catalogue": ("packages/axiom-catalogue/src/*.py",),
    "campaigns": ("campaigns/*.py", ":!campaigns/tests/*"),
    "scripts": ("scripts/*.py",),
    "tests": ("tests/*.py", "packages/*/tests/*.py", "campaigns/tests/*.py", "conftest.py"),
}
RENDERED = (
    *(
        "docs/sessions",
        "docs/measurements",
        "docs/gallery",
        "docs/reference",
        "docs/findings/even_steps",
        "docs/papers/last_batches",
        "docs/papers/luck",
        "docs/papers/noise",
    ),
    "docs/explanation/the-old-claims.md",
    "src/axiom/documents",  # links to documents
)


def main() -> int:
    """0 when every part is within its budget."""
    budget = tomllib.loads((ROOT / "budget.toml").read_text(encoding="utf-8"))
    figures = {("statements", part): sum(map(statements_of, tracked(*patterns))) for part, patterns in PARTS.items()}
    pages = [page for page in tracked("*.md") if not str(page.relative_to(ROOT)).startswith(RENDERED)]
    figures["words", "documents"] = sum(len(page.read_text(encoding="utf-8").split()) for page in pages)
    named = map(empty_names, tracked("src/*.py", "packages/*/src/*.py", *PARTS["campaigns"], "scripts/*.py"))
    looped = map(empty_loops, tracked("src/axiom/web/templates/*"))
    figures["words", "empty"] = sum(named) + sum(looped)
    figures["words", "one_word_functions"] = len(one_word_functions())
    over = {what: figure for what, figure in figures.items() if figure > budget[what[0]][what[1]]}
    for (kind, part), figure in (figures if "--show" in sys.argv else over).items():
        print(f"{part}: {figure:,} {kind}, of at most {budget[kind][part]:,}")
    return int(bool(over))


def tracked(*patterns: str) -> list[Path]:
    """The files that git has under these patterns."""
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for path in (ROOT / name for name in listed.splitlines()) if path.is_file()]


def statements_of(file: Path) -> int:
    """How many statements it has. Docstrings are none, so nobody saves by explaining less or by joining lines."""
    nodes = list(ast.walk(ast.parse(file.read_bytes())))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = sum(
        isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None for node in nodes
    )
    return sum(isinstance(node, ast.stmt) for node in nodes) - docstrings


def empty_names(file: Path) -> int:
    """How often an empty word is bound: as a function, a class, a variable, a parameter or a capture."""
    return sum(name in EMPTY for name in bound(ast.parse(file.read_text(encoding="utf-8"))))


def empty_loops(template: Path) -> int:
    """How often a loop of a template calls its rows by an empty word."""
    text = template.read_text(encoding="utf-8")
    return sum(name in EMPTY for name in re.findall(r"{%-? *for (?:\w+, )?(\w+) in ", text))


def one_word_functions() -> set[str]:
    """The functions with a name of one word that another module uses: nobody can grep `add`.

    The catalogue is left out: its files are experiments, which call the kit by the names that kit.md promises.
    """
    roots = [ROOT / "src", *(root for root in ROOT.glob("packages/*/src") if root.parent.name != "axiom-catalogue")]
    trees = {
        ".".join(file.relative_to(root).with_suffix("").parts): ast.parse(file.read_bytes())
        for root in roots
        for file in tracked(f"{root}/*.py")
    }
    short = {
        f"{module}.{node.name}"
        for module, tree in trees.items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "_" not in node.name
    }
    return {
        name for module, tree in trees.items() for name in names_used(tree) & short if not name.startswith(f"{module}.")
    }


def names_used(tree: ast.AST) -> set[str]:
    """What a module imports by its name, and what it takes from a module that it imports."""
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    local = {alias.asname or alias.name: f"{node.module}.{alias.name}" for node in imports for alias in node.names}
    taken = {
        f"{local[node.value.id]}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in local
    }
    return taken | set(local.values())


def bound(tree: ast.AST) -> Iterator[str | None]:
    """Every name that is bound."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name.strip("_").lower()
            case ast.MatchAs(name=name) | ast.MatchStar(name=name) | ast.ExceptHandler(name=name):
                yield name


if __name__ == "__main__":
    sys.exit(main())
