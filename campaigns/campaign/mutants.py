"""Changes the program in two hundred places, one at a time, and counts the changes that no test notices.

A place is a comparison, a condition, a sum, a number or a `not` on a line that some test reaches, drawn by a seed from
the packages that decide, weigh, sign and store. Each changed program is put to the tests that reach the line, the
quickest first, until one fails. What no test notices is printed with its line.

    scripts/campaign mutants                    two hundred places; a run that was ended goes on where it stopped
    scripts/campaign mutants --of axiom.store.tasks --tests tests/store/tasks --amount 40
    scripts/campaign mutants --again            forget what an earlier run saw, and which tests reach what

Ends with 0 when at least LEAST of a hundred changes are noticed.
"""

import argparse
import ast
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coverage

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "campaigns" / "parts"
PACKAGES = ("axiom.rules", "axiom_weigh.statistics", "axiom.signed", "axiom.store")
WEIGH = Path("packages") / "axiom-weigh"
ELSEWHERE = {
    "acceptance",
    "build_runner",
    "hostile",
    "kit",
    "preflight",
    "scripts",
    "support",
}  # few lines
LEAST = 85.0  # of a hundred
MOST_TESTS = 300  # for one change, the quickest
MOST_SECONDS = 240.0  # for one change; tests that hang have noticed it
_COPIED = (
    "src",
    "packages",
    "tests",
    "scripts",
    "campaigns",
    "docs",
    "deploy",
    "conftest.py",
    "pyproject.toml",
    "README.md",
    "GLOSSARY.md",
    "CHANGELOG.md",
)
_PAIRS = (
    (ast.Lt, ast.LtE),
    (ast.Gt, ast.GtE),
    (ast.Eq, ast.NotEq),
    (ast.In, ast.NotIn),
    (ast.Is, ast.IsNot),
    (ast.And, ast.Or),
    (ast.Add, ast.Sub),
    (ast.Mult, ast.Div),
)
_OPPOSITE: dict[type[ast.AST], Any] = dict(_PAIRS) | {second: first for first, second in _PAIRS}  # all of one kind
_DECLARED = {"annotation", "returns", "decorator_list", "args"}  # of a function


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change of one expression, by its place in the bytes of a file."""

    file: str
    line: int
    begin: int
    end: int
    before: str
    after: str

    @property
    def name(self) -> str:
        """The same in every run over the same source."""
        return f"{self.file}:{self.line}: {self.before} -> {self.after} at {self.begin}"


def main() -> int:
    """0 when enough changes are noticed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--of", nargs="+", default=list(PACKAGES), help="packages to change")
    parser.add_argument("--tests", nargs="+", default=rooms(), help="tests that may notice")
    parser.add_argument("--amount", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", action="store_true")
    wanted = parser.parse_args()
    kept = ROOT / "build" / "mutants" / "-".join([*wanted.of, str(wanted.seed)])
    if wanted.again:
        shutil.rmtree(kept, ignore_errors=True)
    tree = copied(kept)
    reaching, seconds = reached(kept, tree, wanted.of, wanted.tests)
    every = [mutant for file in sorted(reaching) for mutant in mutants_of(tree, file, reaching[file])]
    mutants = random.Random(wanted.seed).sample(every, min(wanted.amount, len(every)))
    noticed = 0
    with (kept / "fates.jsonl").open("a+", encoding="utf-8") as written:
        written.seek(0)
        fates: dict[str, bool] = dict(json.loads(row) for row in written)
        for mutant in mutants:
            if mutant.name not in fates:
                tests = sorted(reaching[mutant.file][mutant.line], key=lambda test: seconds[test])[:MOST_TESTS]
                fates[mutant.name] = is_noticed(tree, mutant, tests)
                print(json.dumps([mutant.name, fates[mutant.name]]), file=written, flush=True)
            noticed += fates[mutant.name]
            if not fates[mutant.name]:
                print(f"not noticed  {mutant.file}:{mutant.line}  {mutant.before}  ->  {mutant.after}", flush=True)
    share = 100 * noticed / max(1, len(mutants))
    print(f"noticed {noticed} of {len(mutants)} changes, {share:.1f} %; at least {LEAST:.0f} % are wanted")
    print(f"drawn from {len(every)} changes on lines that {len(seconds)} tests reach")
    return int(share < LEAST)


def rooms() -> list[str]:
    """The folders of tests that run the program in their own process."""
    folders = (folder for folder in (ROOT / "tests").iterdir() if folder.is_dir() and folder.name not in ELSEWHERE)
    ours = sorted(f"tests/{folder.name}" for folder in folders if any(folder.rglob("test_*.py")))
    return [*ours, str(WEIGH / "tests")]


def copied(kept: Path) -> Path:
    """A copy of the checkout, which may be changed."""
    tree = kept / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    for part in _COPIED:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, tree / part)
    return tree


def reached(
    kept: Path, tree: Path, packages: Sequence[str], tests: Sequence[str]
) -> tuple[dict[str, dict[int, list[str]]], dict[str, float]]:
    """Which tests reach each line of the packages, and how long each of these tests takes."""
    if not any(kept.glob("seconds.*.json")):
        places = {"COVERAGE_OF": ",".join(packages), "COVERAGE_IN": str(kept)}
        words = (
            "-n",
            str(os.cpu_count()),
            "--dist",
            "loadfile",
            "-p",
            "lines_by_test",
            "--continue-on-collection-errors",
        )
        ended = run_pytest(tree, [*words, *tests], places)
        print(ended.stdout.rstrip().rpartition("\n")[2] or ended.stderr, flush=True)
    seconds: dict[str, float] = {}
    for file in kept.glob("seconds.*.json"):
        seconds |= json.loads(file.read_text(encoding="utf-8"))
    reaching: dict[str, dict[int, list[str]]] = {}
    for file in kept.glob("coverage.*"):
        data = coverage.CoverageData(str(file))
        data.read()
        for path in data.measured_files():
            lines = reaching.setdefault(str(Path(path).relative_to(tree)), {})
            for line, names in data.contexts_by_lineno(path).items():
                lines.setdefault(line, []).extend(name for name in names if name in seconds)
    return reaching, seconds


def run_pytest(
    tree: Path, words: Sequence[str], environment: dict[str, str], timeout: float | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run tests of the copy."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", *words]
    paths = os.pathsep.join(map(str, (tree / "src", tree / WEIGH / "src", PLUGINS)))
    environment = os.environ | {"PYTHONPATH": paths} | environment
    return subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=timeout
    )


def mutants_of(tree: Path, file: str, reaching: Mapping[int, Sequence[str]]) -> Iterator[Mutant]:
    """Every change that can be made on the lines of a file that a test reaches."""
    source = (tree / file).read_bytes()
    starts = [0]
    for row in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(row))
    for node in changeable(ast.parse(source)):
        if reaching.get(node.lineno) and node.end_lineno and node.end_col_offset:
            before = ast.unparse(node)
            yield Mutant(
                file=file,
                line=node.lineno,
                begin=starts[node.lineno - 1] + node.col_offset,
                end=starts[node.end_lineno - 1] + node.end_col_offset,
                before=before,
                after=ast.unparse(opposite(node)),
            )


def changeable(node: ast.AST, *, in_function: bool = False) -> Iterator[ast.expr]:
    """The expressions within functions that have an opposite; what a function declares is left alone."""
    if isinstance(node, ast.JoinedStr):
        return  # words
    if in_function and isinstance(node, ast.expr) and has_opposite(node):
        yield node
    is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    for name, field in ast.iter_fields(node):
        if name == "annotation" or (is_function and name in _DECLARED):
            continue
        for child in field if isinstance(field, list) else [field]:
            if isinstance(child, ast.AST):
                yield from changeable(child, in_function=in_function or is_function)


def has_opposite(node: ast.expr) -> bool:
    """Is there another expression that means the contrary?"""
    match node:
        case ast.Compare():
            return type(node.ops[0]) in _OPPOSITE
        case ast.BinOp():
            return type(node.op) in _OPPOSITE and not any(
                isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
                for side in (node.left, node.right)
            )
        case ast.UnaryOp():
            return isinstance(node.op, ast.Not)
        case ast.Constant():
            return isinstance(node.value, int | float)
    return isinstance(node, ast.BoolOp | ast.IfExp)


def opposite(node: ast.expr) -> ast.expr:
    """An expression with the contrary meaning, or the next number."""
    match node:
        case ast.Compare():
            return ast.Compare(node.left, [_OPPOSITE[type(node.ops[0])](), *node.ops[1:]], node.comparators)
        case ast.BinOp():
            return ast.BinOp(node.left, _OPPOSITE[type(node.op)](), node.right)
        case ast.BoolOp():
            return ast.BoolOp(_OPPOSITE[type(node.op)](), node.values)
        case ast.IfExp():
            return ast.IfExp(node.test, node.orelse, node.body)
        case ast.Constant(value=bool(flag)):
            return ast.Constant(not flag)
        case ast.Constant(value=int(number) | float(number)):
            return ast.Constant(number + 1)
        case ast.UnaryOp():
            return node.operand
    raise TypeError(f"{ast.unparse(node)} has no opposite")


def is_noticed(tree: Path, mutant: Mutant, tests: Sequence[str]) -> bool:
    """Does one of these tests fail with the change?"""
    file, listed = tree / mutant.file, tree / "tests-to-run"
    source = file.read_bytes()
    file.write_bytes(source[: mutant.begin] + f"({mutant.after})".encode() + source[mutant.end :])
    listed.write_text("\n".join(tests), encoding="utf-8")
    try:
        return run_pytest(tree, ["-x", f"@{listed}"], {}, MOST_SECONDS).returncode != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        file.write_bytes(source)


if __name__ == "__main__":
    sys.exit(main())
