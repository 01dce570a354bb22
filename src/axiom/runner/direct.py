"""Computing on the spot: for a person at a terminal, for building a bundle, and for tests. No ticket, no signature.

The code comes from this computer's own files, and still runs in a child: nobody imports an experiment.
"""

import functools
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from axiom.domain.work import Outcome
from axiom.errors import ChildLost, ExperimentError, FileUnusable
from axiom.limits import runner as limits
from axiom.runner.child.environment import child_environment
from axiom.runner.child.parent_end import Child, ModuleDeclaration
from axiom.runner.child.pause import PauseGate
from axiom.runner.confine.bubblewrap import Sandbox
from axiom.runner.files.unpacked_bundle import write_tree
from axiom.signed import canonical_json
from axiom.signed.manifests import read_manifest
from axiom.signed.outputs import CellAnswer
from axiom.signed.sources import FOLDER

_REFERENCE = "docs/reference/experiment.md has all words of a file, and docs/reference/kit.md what it may import."
Describer = Callable[[Mapping[str, bytes], Sequence[str]], tuple[ModuleDeclaration, ...]]


def describe_files(files: Mapping[str, bytes], modules: Sequence[str]) -> tuple[ModuleDeclaration, ...]:
    return _describe(files, modules, is_boxed=False)


def describe_boxed(files: Mapping[str, bytes], modules: Sequence[str]) -> tuple[ModuleDeclaration, ...]:
    return _describe(files, modules, is_boxed=True)


def describe_soon(files: Mapping[str, bytes], modules: Sequence[str]) -> tuple[ModuleDeclaration, ...]:
    try:
        return _describe(files, modules, is_boxed=True, patience=limits.DESCRIBE_SECONDS)
    except ChildLost as error:
        raise ExperimentError(
            f"The file did not say what it declares, for which it has {limits.DESCRIBE_SECONDS:.0f} s here: {error} "
            "Nothing was done; compute in run(), not while the file is imported."
        ) from None


def describe_here(files: Mapping[str, bytes], describe: Describer = describe_files) -> bytes:
    modules = [
        name.removesuffix(".py").replace("/", ".")
        for name in files
        if name.startswith(FOLDER) and not name.endswith("/__init__.py")
    ]
    if len(modules) != 1:
        raise ExperimentError(f"A bundle holds one experiment, and these files hold {len(modules)}. Nothing was built.")
    (declaration,) = describe(files, modules)
    stem = modules[0].rpartition(".")[2]
    if declaration.fault is not None:
        raise _unusable_file(stem, declaration.fault)
    raw = canonical_json.canonical_bytes(declaration.manifest)
    name = read_manifest(raw).name
    if name != stem:
        raise ExperimentError(f"The experiment is named {name}, and its file {stem}.py: name the file like it.")
    return raw


def _unusable_file(stem: str, fault: Mapping[str, str]) -> FileUnusable:
    """In the words of its author, whose file lies elsewhere than in a bundle."""
    raised = f"{fault['kind']} at {fault['where'].removeprefix(FOLDER)}: {fault['text']}"
    words = f"{stem}.py cannot be used: {raised}. Nothing of it was computed."
    return FileUnusable(f"{words} {_REFERENCE}", kind=fault["kind"], where=fault["where"])


def compute_here(
    files: Mapping[str, bytes],
    module: str,
    cells: Iterable[tuple[Mapping[str, object], int]],
    *,
    cpu_limit: float,
    wall_limit: float,
    memory_mb: float,
    on_progress: Callable[[int, float], None],
    cache: Path | None = None,
    is_boxed: bool = False,
    gate: PauseGate | None = None,
    hash_seed: int | None = None,
    on_failed: Callable[[str], None] = lambda _: None,
) -> Iterator[CellAnswer]:
    """Compute (config, seed) after (config, seed) in a folder of its own; `on_progress` is told cell and fraction.

    `is_boxed`: in the sandbox of untried code, or not at all. An Ended when the gate is closed for good. `hash_seed`:
    another than on hosts, to see whether numbers follow from it. `on_failed` is told what a cell that failed printed.
    """
    with unpack_files(files) as (tree, room):
        box = _box(tree, room, memory_mb) if is_boxed else None
        surroundings = child_environment(cache or (box.own if box else room))
        if hash_seed is not None:
            surroundings["PYTHONHASHSEED"] = str(hash_seed)
        child, is_late = Child.start(tree, module, surroundings, gate, box), False
        try:
            for place, (config, seed) in enumerate(cells):
                if is_late:  # then it is gone; whoever is gone otherwise was killed, which is said
                    child = Child.start(tree, module, surroundings, gate, box)
                answer = child.compute(
                    config,
                    seed,
                    cpu_limit=cpu_limit,
                    wall_limit=wall_limit,
                    memory_mb=memory_mb,
                    on_progress=functools.partial(on_progress, place),
                )
                is_late = answer.outcome is Outcome.LATE
                if answer.outcome is Outcome.FAILED:
                    on_failed(child.printed)
                yield answer
        finally:
            child.stop()


def _describe(
    files: Mapping[str, bytes], modules: Sequence[str], *, is_boxed: bool, patience: float | None = None
) -> tuple[ModuleDeclaration, ...]:
    with unpack_files(files) as (tree, room):
        box = _box(tree, room, limits.DESCRIBE_MB) if is_boxed else None
        surroundings = child_environment(box.own if box else room)
        child = Child(surroundings, box=box)
        try:
            return child.describe(tree, modules, surroundings, patience)
        finally:
            child.stop()


def _box(tree: Path, room: Path, memory_mb: float) -> Sandbox:
    from axiom.runner.confine.bubblewrap import Sandbox  # most who describe have no use for it

    return Sandbox(tree=tree, room=room, memory_mb=memory_mb)


@contextmanager
def unpack_files(files: Mapping[str, bytes]) -> Iterator[tuple[Path, Path]]:
    with tempfile.TemporaryDirectory(prefix="axiom-") as folder:
        tree, room = Path(folder) / "tree", Path(folder) / "room"
        tree.mkdir()
        room.mkdir()
        write_tree(tree, files)
        yield tree, room
