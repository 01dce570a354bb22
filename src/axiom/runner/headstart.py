"""A head start: the first cell of an experiment begins before its order is signed, and counts only once it is.

Whoever publishes a file of theirs has it described by a process that is held like any that computes. Where a cell is
short, that process goes on with the very first one while the laboratory packs, seals, registers and orders. The answer
stays here until an order has passed every check; it is used when the sealed bundle is byte for byte what was computed,
and the cell the one that is ordered. Otherwise nobody ever sees it, and the process ends.
"""

import hashlib
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from axiom.domain.experiments import seed_of
from axiom.domain.work import Outcome
from axiom.errors import AxiomError
from axiom.runner.children import Child, Described
from axiom.runner.gate import Ended, Gate
from axiom.runner.limits import environment
from axiom.runner.rooms import CACHE, room
from axiom.runner.trees import holds
from axiom.signed import strict
from axiom.signed.manifests import Manifest, read_manifest
from axiom.signed.outputs import CellAnswer
from axiom.signed.sources import MANIFEST

if TYPE_CHECKING:
    from axiom.signed.tickets import OrderedCell

_SHORT = 2.0  # seconds that a cell may need: nothing is kept of it while it is computed
_MOST_SECONDS = 10.0
_WALL_SECONDS = 60.0
_STOP_SECONDS = 5.0


class HeadStart:
    """A process with one experiment, and perhaps the answer of its first cell."""

    def __init__(self, child: Child, gate: Gate, tree: Path, module: str, home: Path) -> None:
        """`tree` holds the experiment's files and stays there; nobody has told this child of any bundle before.

        `gate` is the one before which the child's cells wait.
        """
        self.began = time.monotonic()  # with its cell, once it does
        self._child = child
        self._gate = gate
        self._tree = tree
        self._module = module
        self._cache = home / CACHE
        self._files: Mapping[str, bytes | None] = {}
        self._manifest: Manifest | None = None
        self._answer: CellAnswer | None = None
        self._described: Described | None = None
        self._told = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ahead", daemon=True)

    def begin(self) -> None:
        """Load and describe, and compute the first cell if that is worth it, while the caller does something else."""
        self._thread.start()

    def described(self) -> Described | None:
        """Return what the experiment declares; None when this process cannot say, and another one has to be asked."""
        self._told.wait()
        return self._described

    def child(self, tree: Path, module: str) -> Child | None:
        """Return the process, once its cell is done, if it is loaded with just this proven bundle; else it ends."""
        self._thread.join()
        sealed = {name: body for name, body in holds(tree).items() if name != MANIFEST}
        if self._manifest is not None and self._child.alive and module == self._module and sealed == self._files:
            return self._child
        self._child.stop()
        return None

    def answer(self, cell: "OrderedCell", memory_mb: float) -> CellAnswer | None:
        """Return the answer, once, if this cell was computed within the limits that were ordered."""
        answer, self._answer = self._answer, None
        declared = self._manifest
        if answer is None or declared is None or _words(cell.values, cell.seed) != _words(*_first(declared)):
            return None
        is_within = answer.cpu_seconds <= cell.cpu_limit and declared.memory_mb <= memory_mb
        return answer if is_within else None

    def stop(self) -> None:
        """End the process, once nobody listens to it any more; its gate is closed for good."""
        self._gate.end()
        if self._thread.is_alive():
            self._thread.join(timeout=_STOP_SECONDS)
        self._child.stop()

    def _run(self) -> None:
        try:
            with suppress(Exception, Ended):  # a process that was ended from outside takes its pipes along
                self._described = self._describe()
        finally:
            self._told.set()
        declared = self._manifest
        if declared is None or declared.avx or declared.gpu or declared.cell_seconds[0] > _SHORT:
            self._child.stop()  # what compiles keeps its programs with its bundle, which has no name yet
            return
        with suppress(Exception, Ended):
            self._compute(declared)

    def _describe(self) -> Described:
        self._files = holds(self._tree)
        self._cache.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._child.load(self._tree, self._module, environment(room(self._cache, _digest(self._files))))
        found = self._child.declare(self._module)
        if found.manifest is not None:
            with suppress(AxiomError, ValueError):  # whoever asked finds out what is wrong with it
                self._manifest = read_manifest(strict.canonical(found.manifest))
        return found

    def _compute(self, declared: Manifest) -> None:
        """Whatever else comes of it than values, the ordered cell is computed anew and says so itself."""
        config, seed = _first(declared)
        self.began = time.monotonic()
        answer = self._child.compute(
            config,
            seed,
            cpu_limit=_MOST_SECONDS,
            wall_limit=_WALL_SECONDS,
            memory_mb=declared.memory_mb,
            on_progress=lambda _share: None,
        )
        self._answer = answer if answer.outcome in {Outcome.OK, Outcome.DIVERGED} else None


def _first(declared: Manifest) -> tuple[Mapping[str, object], int]:
    """The first config with the seed of replicate 0."""
    return declared.configs[0], seed_of(declared.name, declared.version, 0)


def _words(config: Mapping[str, object], seed: int) -> bytes:
    """A cell as bytes, for 1 and 1.0 and true are equal, and no experiment need take them for the same."""
    return strict.canonical([config, seed])


def _digest(files: Mapping[str, bytes | None]) -> str:
    found = hashlib.sha256()
    for name in sorted(files):
        body = files[name] or b""
        found.update(f"{name}\0{len(body)}\0".encode() + body)
    return found.hexdigest()
