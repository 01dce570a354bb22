"""What `scripts/check` does: every check side by side, then what failed and what cures it."""

import ast
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One question about the tree, the commands that answer it in turn, and what to type when the answer is no."""

    name: str
    commands: tuple[tuple[str, ...], ...]
    cure: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a check said."""

    check: Check
    passed: bool
    output: str
    seconds: float


def programs() -> tuple[str, ...]:
    """The Python programs of scripts/ and campaigns/: no package, so mypy is given their names."""
    files = [*sorted((ROOT / "scripts").rglob("*.py")), *sorted((ROOT / "campaigns").rglob("*.py"))]
    return tuple(str(path.relative_to(ROOT)) for path in files if "tests" not in path.parts)


def shared_by_tests() -> tuple[str, ...]:
    """What tests share: their fixtures have no types, but what they call has."""
    return tuple(str(path.relative_to(ROOT)) for path in sorted((ROOT / "tests" / "support").glob("*.py")))


# The slowest first, so that the others fit beside it.
def checks() -> tuple[Check, ...]:
    """Everything that is checked."""
    packages = ("axiom", "axiom_adopt", "axiom_catalogue", "axiom_weigh")
    types = (
        ("mypy", *(word for package in packages for word in ("-p", package))),
        ("mypy", *programs()),
        (
            "mypy",
            "--allow-untyped-defs",
            "--allow-incomplete-defs",
            "--allow-untyped-calls",
            "--no-warn-return-any",
            *shared_by_tests(),
        ),
    )
    return (
        Check(name="types", commands=types, cure="mend the types, then: .venv/bin/mypy -p axiom"),
        Check(
            name="layers",
            commands=(("lint-imports", "--no-logo"),),
            cure="move the import, or the code: CONTRIBUTING.md",
        ),
        Check(name="documents", commands=(("python", "scripts/reference.py", "--check"),), cure="scripts/docs"),
        Check(
            name="budget",
            commands=(("python", "scripts/budget.py"),),
            cure="take something away, or raise the number in budget.toml in a commit whose body says what it buys",
        ),
        Check(name="format", commands=(("ruff", "format", "--check"),), cure="scripts/check --fix"),
        Check(name="lint", commands=(("ruff", "check"),), cure="scripts/check --fix, and the rest by hand"),
    )


FIXES = (("ruff", "format"), ("ruff", "check", "--fix"), ("ruff", "format"), ("python", "scripts/reference.py"))


def run(command: Sequence[str]) -> tuple[bool, str]:
    """Did it succeed, and what did it say?"""
    try:
        done = subprocess.run(
            [str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as missing:
        return False, f"{missing.filename} is not there. Remove .venv and run this again."
    return done.returncode == 0, done.stdout + done.stderr


def answer(check: Check) -> Answer:
    """Put one check's commands in turn; the first no ends it."""
    start = time.monotonic()
    passed, output = True, ""
    for command in check.commands:
        passed, printed = run(command)
        output += printed
        if not passed:
            break
    return Answer(check=check, passed=passed, output=output, seconds=time.monotonic() - start)


LONG_FILE, LONG_FUNCTION = 400, 60  # lines


def large() -> Iterator[str]:
    """Files and functions that may hold two things. Nobody is refused for size: a long story may be one."""
    for path in sorted([*(ROOT / "src").rglob("*.py"), *ROOT.glob("packages/*/src/**/*.py")]):
        text = path.read_text(encoding="utf-8")
        name, lines = path.relative_to(ROOT), len(text.splitlines())
        if lines > LONG_FILE:
            yield f"{name}: {lines} lines"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONG_FUNCTION:
                    yield f"{name}:{node.lineno}: {node.name} has {length} lines"


def main(arguments: Sequence[str]) -> int:
    """0 when every check says yes."""
    if unknown := [argument for argument in arguments if argument != "--fix"]:
        print(f"scripts/check knows --fix and --remove, not {' '.join(unknown)}. Nothing was checked.", file=sys.stderr)
        return 2
    if "--fix" in arguments:
        for fix in FIXES:
            run(fix)
    with ThreadPoolExecutor(max_workers=2) as pool:
        answers = list(pool.map(answer, checks()))
    failed = [failure for failure in answers if not failure.passed]
    for failure in failed:
        print(f"\n{failure.output.rstrip()}")
    if warnings := list(large()):
        print("\nWarning, not a fault. Is each of these two things?", *warnings, sep="\n  ")
    print()
    for result in answers:
        word = "ok" if result.passed else f"FAILED. Cure: {result.check.cure}"
        print(f"{result.check.name:<10} {result.seconds:5.1f} s  {word}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
