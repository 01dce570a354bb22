"""A head start: the first cell of an experiment begins before its order is signed, and counts only once it is.

Whoever publishes a file of theirs has it described by a process that is held like any that computes. Where a cell is
short, that process goes on with the very first one while the laboratory packs, seals, registers and orders. The answer
stays here until an order has passed every check; it is used when the sealed bundle is byte for byte what was computed,
and the cell the one that is ordered. Otherwise nobody ever sees it, and the process ends.
"""

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from axiom.domain.experiments import seed_of
from axiom.domain.work import Outcome
from axiom.errors import AxiomError
from axiom.runner.children import Child, Described
from axiom.runner.gate import Ended, Gate
from axiom.runner.loading import SHORT
from axiom.signed import strict
from axiom.signed.manifests import Manifest, read_manifest
from axiom.signed.outputs import CellAnswer
from axiom.signed.sources import MANIFEST

if TYPE_CHECKING:
    from axiom.signed.tickets import OrderedCell

_MOST_SECONDS = 10.0
_WALL_SECONDS = 60.0
_STOP_SECONDS = 5.0


class HeadStart:
    """A process with one experiment, and perhaps the answer of its first cell."""

    def __init__(self, child: Child, gate: Gate, module: str, files: Mapping[str, bytes]) -> None:
        """`child` was told to load and to declare this module of these files; before `gate` its cells wait."""
        self.began = time.monotonic()  # before its cell did, which is not heard at once
        self._child = child
        self._gate = gate
        self._module = module
        self._files = dict(files)
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

    def fits(self, bundle: Mapping[str, bytes], module: str) -> bool:
        """Is the process loaded with just this proven bundle?"""
        sealed = {name: body for name, body in bundle.items() if name != MANIFEST}
        return self.described() is not None and (module, sealed) == (self._module, self._files)

    def child(self, bundle: Mapping[str, bytes], module: str) -> Child | None:
        """Return the process, once its cell is done, if it is loaded with just this proven bundle; else it ends."""
        self._thread.join()
        if self._manifest is not None and self._child.alive and self.fits(bundle, module):
            return self._child
        self._child.stop()
        return None

    def answer(self, cell: "OrderedCell", memory_mb: float) -> CellAnswer | None:
        """Return the answer, once, if it is this cell's and came within the limits that were ordered."""
        answer, declared = self._answer, self._manifest
        if answer is None or declared is None or _words(cell.values, cell.seed) != _words(*_first(declared)):
            return None
        self._answer = None
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
        if declared is None or declared.avx or declared.gpu or declared.cell_seconds[0] > SHORT:
            self._child.stop()  # what compiles keeps its programs with its bundle, which has no name yet
            return
        with suppress(Exception, Ended):
            self._compute(declared)

    def _describe(self) -> Described:
        self._child.loaded(self._module)
        found = self._child.declared(self._module)
        if found.manifest is not None:
            with suppress(AxiomError, ValueError):  # whoever asked finds out what is wrong with it
                self._manifest = read_manifest(strict.canonical(found.manifest))
        return found

    def _compute(self, declared: Manifest) -> None:
        """Whatever else comes of it than values, the ordered cell is computed anew and says so itself."""
        answer = self._child.begun(cpu_limit=_MOST_SECONDS, wall_limit=_WALL_SECONDS, memory_mb=declared.memory_mb)
        self._answer = answer if answer.outcome in {Outcome.OK, Outcome.DIVERGED} else None


def _first(declared: Manifest) -> tuple[Mapping[str, object], int]:
    """The first config with the seed of replicate 0."""
    return declared.configs[0], seed_of(declared.name, declared.version, 0)


def _words(config: Mapping[str, object], seed: int) -> bytes:
    """A cell as bytes, for 1 and 1.0 and true are equal, and no experiment need take them for the same."""
    return strict.canonical([config, seed])
