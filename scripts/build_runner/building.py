"""One build from the order to the folder that can be offered."""

import contextlib
import errno
import hashlib
import json
import platform as this_computer
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from build_runner import archive, libraries, tree, wheels
from build_runner.elf import newest_glibc
from build_runner.emulation import Emulation
from build_runner.launcher import Runtime, boot_files, launcher, needs_of, windows_launcher
from build_runner.plan import LOCKS, PYTHON, Order
from build_runner.proof import prove
from build_runner.sbom import sbom
from build_runner.windows_python import fetch_python
from build_runner.workbench import workbench

_FORMAT = "axiom-runner-4"  # without our own code, which a laboratory offers beside it; says what it was proven by
_BLOCK = 1 << 20
_ATTEMPTS = 5
# Seconds of CPU on one computer, with the zip packed quickly and well. Only their proportion counts.
_COSTS = {"packages": 2.0, "interpreter": 4.0, "tree": 9.0}
_ARCHIVE = {archive.QUICK: 68.0, archive.BEST: 300.0}


def processor() -> str:
    """What this computer's processor is called, as Python says it on this system."""
    return this_computer.machine()


def build(order: Order, out: Path, *, is_enough: bool, emulation: Emulation | None = None) -> list[str]:
    """Build into OUT/<name>, unless a whole one of the same inputs will do; what there is to say about it."""
    target, inputs = out / order.name, inputs_of(order)
    if is_enough and is_there(order, out):
        return [f"{target} is there already."]
    began = time.monotonic()
    costs = _COSTS | {"archive": _ARCHIVE[order.preset]}
    if not order.fetches_interpreter:
        del costs["interpreter"]
    with workbench(out, order.name, inputs, costs) as bench:
        if is_enough and is_there(order, out):
            return [f"{target} is there already."]
        bench.step("packages", lambda place: tree.fetch(order, place))
        fetched = bench.folder / "packages"
        if order.fetches_interpreter:
            bench.step("interpreter", lambda place: str(fetch_python(place, order.platform.wheels)))
            order = replace(order, interpreter=bench.folder / "interpreter" / "python")
        packages = bench.step("tree", lambda place: tree.lay_out(order, fetched, place, bench.progressed, emulation))

        def finish(draft: Path) -> dict[str, Any]:
            laid = bench.folder / "tree"
            if order.interpreter:
                facts = _finish(order, laid, draft, packages, bench.progressed, emulation)
            else:
                facts = _wheels(order, laid, draft, bench.progressed)
            facts |= {"inputs": inputs}
            (draft / "built.json").write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            return facts

        facts = bench.step("archive", finish)
        put(bench.folder / "archive", target, bench.folder / "before")
    return [*_size_lines(facts), f"{target}, after {time.monotonic() - began:.0f} s"]


def put(draft: Path, target: Path, aside: Path) -> None:
    """Put a whole folder where one may be; of two builds that end together the later one stays."""
    for _ in range(_ATTEMPTS):
        with contextlib.suppress(FileNotFoundError):
            target.rename(aside)
        try:
            draft.rename(target)
        except OSError as fault:
            if fault.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            shutil.rmtree(aside, ignore_errors=True)
        else:
            return
    raise ValueError(f"Others keep building into {target}, so this build was thrown away. What is there stays.")


def inputs_of(order: Order) -> str:
    """A digest of everything of this checkout that enters a build, so that a change of it is a new one.

    The runner's own code is not in it: a laboratory offers it as a file of its own.
    """
    interpreter = order.interpreter and order.interpreter.resolve()
    hasher = hashlib.sha256(f"{order.name} {interpreter} {order.preset}".encode())
    builder = Path(__file__).parent
    for path in [
        order.lock,
        LOCKS / "windows.lock",
        *sorted(builder.glob("*.py")),
        *sorted(builder.glob("head.*")),
    ]:
        hasher.update(hashlib.sha256(path.read_bytes()).digest())
    return hasher.hexdigest()


def is_there(order: Order, out: Path) -> bool:
    """Does a whole one of the same inputs lie there, compressed as was asked or as well as can be?"""
    return is_whole(out / order.name, {inputs_of(order), inputs_of(replace(order, preset=archive.BEST))})


def is_whole(target: Path, inputs: Collection[str]) -> bool:
    """Does a folder hold all that one of these inputs makes?"""
    try:
        facts = json.loads((target / "built.json").read_bytes())
    except (FileNotFoundError, ValueError):
        return False
    sizes = [(target / file["name"], file["size"]) for file in facts["files"]]
    return facts["inputs"] in inputs and all(path.is_file() and path.stat().st_size == size for path, size in sizes)


def _finish(
    order: Order,
    laid: Path,
    draft: Path,
    packages: dict[str, str],
    progressed: Callable[[float], None],
    emulation: Emulation | None,
) -> dict[str, Any]:
    """The launcher and the runtime, proven to compute."""
    needed_glibc = newest_glibc(laid)
    is_windows = order.platform.system == "win32"
    if is_windows:
        libraries.check_all_there(laid)
    python = prove(laid, has_gpu=order.has_gpu, emulation=emulation)
    runtime = _zip(laid, draft, order.preset, progressed)
    made_for = Runtime(name=runtime["name"], digest=runtime["sha256"], needs=needs_of(needed_glibc))
    boot = boot_files(laid, emulation)
    if is_windows:
        parts = windows_launcher(made_for, boot)
    else:
        raw = launcher(made_for, boot)
        parts = {f"axiom_runner_{hashlib.sha256(raw).hexdigest()[:16]}": (raw, 0o755)}
    files = [_put(raw, mode, draft / name) for name, (raw, mode) in parts.items()]
    brought = sorted((laid / "lib").glob("*.so*")) + sorted(laid.glob("*.dll"))
    _write_sbom(draft, runtime["sha256"], python, packages, brought)
    return _facts(order, laid, [*files, runtime]) | {
        "glibc": ".".join(map(str, needed_glibc)) if any(needed_glibc) else None,
        "packages": packages,
        "proven_by": emulation.name if emulation else this_computer.system(),
        "python": python,
    }


def _put(raw: bytes, mode: int, path: Path) -> dict[str, Any]:
    path.write_bytes(raw)
    path.chmod(mode)
    return _file(path, is_main=path.name.startswith("axiom_runner_"))


def _wheels(order: Order, laid: Path, draft: Path, progressed: Callable[[float], None]) -> dict[str, Any]:
    """The packages alone, which `--interpreter DIR` finishes on a computer that has one."""
    packed = _zip(laid, draft, order.preset, progressed, "-wheels")
    packages = wheels.installed(laid)
    _write_sbom(draft, packed["sha256"], PYTHON, packages, [])
    return _facts(order, laid, [packed]) | {
        "glibc": None,
        "packages": packages,
        "proven_by": None,
        "python": PYTHON,
    }


def _facts(order: Order, laid: Path, files: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "platform": order.platform.name,
        "plan_class": order.plan_class,
        "files": files,
        "unpacked_bytes": sum(path.stat().st_size for path in archive.files_below(laid).values()),
        "needs_avx": order.platform.processor in {"x86_64", "AMD64"},
        "sbom": "sbom.cdx.json",
    }


def _zip(laid: Path, draft: Path, preset: int, progressed: Callable[[float], None], ending: str = "") -> dict[str, Any]:
    """Pack the folder under a name that says what is in it."""
    unnamed = draft / "unnamed.zip"
    archive.write_zip(unnamed, archive.files_below(laid), preset, progressed)
    return _file(unnamed.rename(draft / f"axiom_runtime_{_digests(unnamed)[0][:16]}{ending}.zip"), is_main=False)


def _file(path: Path, *, is_main: bool) -> dict[str, Any]:
    sha256, md5 = _digests(path)
    return {
        "name": path.name,
        "sha256": sha256,
        "md5": md5,
        "size": path.stat().st_size,
        "is_main": is_main,
        "open_name": "",
    }


def _digests(path: Path) -> tuple[str, str]:
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            sha256.update(block)
            md5.update(block)
    return sha256.hexdigest(), md5.hexdigest()


def _write_sbom(draft: Path, digest: str, python: str, packages: dict[str, str], libraries: list[Path]) -> None:
    raw = sbom(
        name="axiom-runner", version=_FORMAT, digest=digest, python=python, packages=packages, libraries=libraries
    )
    (draft / "sbom.cdx.json").write_bytes(raw)


def _size_lines(facts: dict[str, Any]) -> Iterator[str]:
    for file in facts["files"]:
        yield f"{file['name']}  {file['size'] / 1e6:.1f} MB"
    yield f"unpacked {facts['unpacked_bytes'] / 1e6:.1f} MB, Python {facts['python']}, glibc {facts['glibc'] or 'any'}"
