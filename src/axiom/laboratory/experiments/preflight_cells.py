"""A bundle while it is tried: two processes in the sandbox, side by side, until all is computed or something is wrong.

One computes the sweep from the cheapest config to the dearest, and then all of it at a second seed: those cells find
everything compiled, so they show what a cell costs. The other begins with a third seed, from the dearest config to the
cheapest, computes the sweep of the first process in that order, and then the controls, at more seeds where the first
eight do not settle them. So the cells that are compared were computed after different ones: first of all or after the
whole sweep at another seed. What a cell leaves behind for the next one shows, and so does the order of a set, for which
the other process has another seed. On two cores nobody waits for both.
"""

import hashlib
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from axiom.domain.preflights import ControlRun, Demands, TriedCell
from axiom.domain.work import Outcome
from axiom.errors import ChildKilled, ChildLost, ExperimentError, MemoryLimit
from axiom.laboratory.experiments import reference_core
from axiom.laboratory.experiments.rules.controls import CONTROL_NUMBERS, list_further_seeds
from axiom.laboratory.experiments.rules.gate_answers import describe_config
from axiom.laboratory.experiments.rules.same_seed_twice import repeat_fault
from axiom.laboratory.experiments.rules.sandboxed_run import run_fault
from axiom.laboratory.experiments.rules.schema_and_bounds import count_allowed_runaways, value_fault
from axiom.laboratory.experiments.rules.seeds_and_factors import SAME_HIGH, SAME_LOW
from axiom.limits import experiments as limits
from axiom.runner.child.pause import PauseGate, RunEnded
from axiom.runner.direct import compute_here
from axiom.signed import canonical_json
from axiom.signed.manifests import Manifest
from axiom.signed.outputs import CellAnswer
from axiom_weigh.statistics import estimand_arithmetic

_MARGIN = 5.0  # times what it declares, as for a host
_HALF = 0.5  # of the measure that is 1 where anything was learned, else 0
_WAITING = 10.0  # seconds that may pass for one of the processor: others compute here, too

Progress = Callable[[int, int], None]  # how many cells are computed, of how many


@dataclass(frozen=True, kw_only=True, slots=True)
class _Cell:
    """One cell that is to be computed, and among which it is told."""

    part: str  # first, again, others, or the name of a control's sweep
    place: int
    seed: int
    config: Mapping[str, object]


class PreflightRun:
    """What is tried, and what came of it so far."""

    def __init__(
        self,
        files: Mapping[str, bytes],
        manifest: Manifest,
        demands: Demands,
        seeds: Callable[[int], int],
        on_progress: Progress | None = None,
        patience: float = limits.COMPILE_CPU_SECONDS,
        gate: PauseGate | None = None,
        slowness: Callable[[], float] | None = None,
        on_failed: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`seeds` gives the seed of a number, `slowness` how many seconds a second of a reference core takes now.

        `on_failed` is told what a cell that failed printed, for whoever tries it at a terminal.
        """
        self._files, self._manifest, self._demands, self._seeds = files, manifest, demands, seeds
        self._on_progress, self._gate, self._slowness = on_progress, gate, slowness or reference_core.RecentSlowness()
        self._cpu_limit = max(1.0, self._slowness()) * (patience + _MARGIN * max(demands.seconds))
        self._alone, self._on_failed = threading.Lock(), on_failed
        self._ended = threading.Event()
        self._one_way, self._other_way = _one_way(demands), _other_way(demands)
        self._done: dict[str, list[TriedCell]] = {}
        self._broken: BaseException | None = None
        self.fault = ""

    def run(self) -> None:
        """Both ways, or as far as it goes. What is this computer's trouble is raised: it says nothing of the bundle."""
        hash_seed = 1 + self._seeds(0) % (2**32 - 1)
        thread = threading.Thread(target=self._go, args=(self._other_way, hash_seed), daemon=True)
        is_alone = len(os.sched_getaffinity(0)) == 1
        if not is_alone:
            thread.start()
        try:
            self._go(self._one_way)
        except BaseException:
            self._ended.set()
            raise
        if is_alone:
            thread.start()
        thread.join()
        if self._broken:
            raise self._broken

    def tried(self, part: str) -> tuple[TriedCell, ...]:
        """The cells of a part, as they were computed."""
        return tuple(self._done.get(part, ()))

    def controls(self) -> tuple[ControlRun, ...]:
        """The cells of the controls."""
        return tuple(
            ControlRun(
                estimand=control.estimand, is_planted=planted, tried=self.tried(_name(control.estimand, planted))
            )
            for control in self._demands.controls
            for planted in (False, True)
            if _name(control.estimand, planted) in self._done
        )

    def _go(self, way: list[_Cell], hash_seed: int | None = None) -> None:
        """These cells in one fresh process, one after the other, up to the first fault of either way."""
        pending: list[_Cell] = []
        try:
            cells = self._asking(way, pending)
            answers = _answers(
                self._files, self._manifest, cells, self._cpu_limit, self._gate, hash_seed, self._on_failed
            )
            for answer in answers:
                self._take(pending.pop(), answer)
        except RunEnded as over:
            self._broken = over
            self._ended.set()
        except Exception as error:  # noqa: BLE001  `run` raises it again, in the thread that was asked
            with self._alone:
                if is_own_fault(error):
                    where = f"{self._words(pending.pop())}: " if pending else ""
                    self.fault = self.fault or f"{where}{error}"
                else:
                    self._broken = self._broken or error
            self._ended.set()

    def _asking(self, way: list[_Cell], pending: list[_Cell]) -> Iterator[tuple[Any, int]]:
        for cell in self._in_order(way):
            if self._ended.is_set():
                return
            pending.append(cell)
            yield cell.config, self._seeds(cell.seed)

    def _in_order(self, way: list[_Cell]) -> Iterator[_Cell]:
        """The cells of a way; and, behind the other one, those that its controls need then."""
        more = way
        while more:
            yield from more
            runs = self.controls() if way is self._other_way else ()
            more = [
                cell for run in runs for cell in _control(run, self._demands, list_further_seeds(run, self._demands))
            ]
            way += more

    def _take(self, cell: _Cell, answer: CellAnswer) -> None:
        tried = _tried_cell(cell, answer, self._manifest, self._slowness())
        with self._alone:
            self._done.setdefault(cell.part, []).append(tried)
            is_luck = tried.outcome is Outcome.DIVERGED and self._may_be_luck()
            if run_fault("", tried) or (value_fault("", tried) and not is_luck) or self._differs(cell, tried):
                self._ended.set()
            if self._on_progress:
                self._on_progress(sum(map(len, self._done.values())), len(self._one_way) + len(self._other_way))

    def _may_be_luck(self) -> bool:
        """Did so few cells leave the real numbers so far that gate G5 may let them?"""
        others = sum(cell.part in ("others", "compared") for cell in (*self._one_way, *self._other_way))
        swept = [cell for part in ("first", "others", "compared") for cell in self._done.get(part, ())]
        return sum(cell.outcome is Outcome.DIVERGED for cell in swept) <= count_allowed_runaways(others)

    def _differs(self, cell: _Cell, tried: TriedCell) -> bool:
        """Was the same cell computed the other way, to other numbers?"""
        if cell.part not in ("first", "again"):
            return False
        other = self._done.get("again" if cell.part == "first" else "first", ())
        twin = next((twin for twin in other if twin.config == tried.config), None)
        return bool(repeat_fault(tried, twin, self._demands))

    def _words(self, cell: _Cell) -> str:
        if cell.part in ("first", "again", "others", "compared"):
            return describe_config(cell.place, self._demands.configs)
        return f"{cell.part}, {', '.join(f'{name} {level}' for name, level in cell.config.items())}"


def compute_cells_of_bundle(
    files: Mapping[str, bytes],
    manifest: Manifest,
    demands: Demands,
    cells: Iterable[tuple[int, int]],
    seeds: Callable[[int], int],
    gate: PauseGate | None,
) -> tuple[TriedCell, ...]:
    """These configs at these seeds. One that brings down its process even as the first cell there gives nothing."""
    waiting = deque(
        _Cell(part="published", place=place, seed=seed, config=demands.configs[place]) for place, seed in cells
    )
    cpu_limit = limits.COMPILE_CPU_SECONDS + _MARGIN * max(demands.seconds)
    done: list[TriedCell] = []
    while waiting:
        started: list[_Cell] = []  # of one process
        try:
            for answer in _answers(files, manifest, _started_in_turn(waiting, started, seeds), cpu_limit, gate):
                cell = started[-1]
                done.append(_tried_cell(cell, answer, manifest, 1.0))
        except Exception as error:
            if not is_own_fault(error):
                raise
            if not started:
                break  # it does not even start
            if len(started) > 1:
                waiting.appendleft(started[-1])
    return tuple(done)


def _started_in_turn(
    waiting: deque[_Cell], started: list[_Cell], seeds: Callable[[int], int]
) -> Iterator[tuple[Mapping[str, object], int]]:
    while waiting:
        started.append(waiting.popleft())
        yield started[-1].config, seeds(started[-1].seed)


def _answers(
    files: Mapping[str, bytes],
    manifest: Manifest,
    cells: Iterable[tuple[Mapping[str, object], int]],
    cpu_limit: float,
    gate: PauseGate | None,
    hash_seed: int | None = None,
    on_failed: Callable[[str], None] = lambda _: None,
) -> Iterator[CellAnswer]:
    """Compute (config, seed) after (config, seed) in one fresh process, in the sandbox."""
    return compute_here(
        files,
        f"axiom.catalogue.{manifest.name}",
        cells,
        cpu_limit=cpu_limit,
        wall_limit=_WAITING * cpu_limit,
        memory_mb=manifest.memory_mb,
        on_progress=lambda _cell, _share: None,
        is_boxed=True,
        gate=gate,
        hash_seed=hash_seed,
        on_failed=on_failed,
    )


def is_own_fault(error: Exception) -> bool:
    """Is it a fault of what was tried? That the system killed it, or gave it no room, is none."""
    return isinstance(error, ChildLost | MemoryLimit | ExperimentError) and not isinstance(error, ChildKilled)


def _one_way(demands: Demands) -> list[_Cell]:
    order = sort_by_cost(demands)
    return [*_sweep("first", order, 0, demands), *_sweep("others", order, SAME_LOW, demands)]


def _other_way(demands: Demands) -> list[_Cell]:
    order = sort_by_cost(demands)[::-1]
    cells = [*_sweep("others", order, SAME_HIGH, demands), *_sweep("again", order, 0, demands)]
    if demands.is_invented and demands.controls:
        compared = {
            place
            for estimand in demands.estimands
            for place in estimand_arithmetic.list_needed_configs(estimand, demands.configs)
        }
        for seed in CONTROL_NUMBERS[2 : limits.CONTROL_SEEDS]:
            cells += _sweep("compared", sorted(compared), seed, demands)
    for control in demands.controls:
        for planted in (False, True):
            run = ControlRun(estimand=control.estimand, is_planted=planted, tried=())
            cells += _control(run, demands, CONTROL_NUMBERS[: limits.CONTROL_SEEDS])
    return cells


def _control(run: ControlRun, demands: Demands, seeds: Sequence[int]) -> list[_Cell]:
    control = next(demand for demand in demands.controls if demand.estimand == run.estimand)
    return [
        _Cell(part=_name(run.estimand, run.is_planted), place=place, seed=seed, config=config)
        for seed in seeds
        for place, config in enumerate(control.configs(is_planted=run.is_planted))
    ]


def _sweep(part: str, order: Sequence[int], seed: int, demands: Demands) -> list[_Cell]:
    return [_Cell(part=part, place=place, seed=seed, config=demands.configs[place]) for place in order]


def sort_by_cost(demands: Demands) -> list[int]:
    """The places of the configs, the cheapest first."""
    return sorted(range(len(demands.configs)), key=lambda place: demands.seconds[place])


def _name(estimand: str, planted: bool) -> str:
    return f"{'the planted effect' if planted else 'the placebo'} of {estimand}"


def _tried_cell(cell: _Cell, answer: CellAnswer, manifest: Manifest, slowness: float) -> TriedCell:
    measures = None if answer.measures is None else dict(answer.measures)
    used = {estimand["measure"] for estimand in manifest.estimands} or {declared.name for declared in manifest.measures}
    concluded = {name: value for name, value in (measures or {}).items() if name in used}
    early = list(answer.early)
    nullable = {measure.name for measure in manifest.measures if measure.nullable}
    return TriedCell(
        config=cell.place,
        seed=cell.seed,
        outcome=answer.outcome,
        digest=_digest({"outcome": answer.outcome.value, "measures": measures, "early": early}),
        mark=_digest({"measures": concluded, "early": early}),
        cpu_seconds=answer.cpu_seconds / slowness,
        measures={name: value for name, value in concluded.items() if not isinstance(value, list)},
        missing=tuple(name for name, value in (measures or {}).items() if value is None and name not in nullable),
        learned=_learned(measures, manifest),
        error=f"{answer.error.kind} at {answer.error.where}" if answer.error else "",
    )


def _learned(measures: Mapping[str, Any] | None, manifest: Manifest) -> bool | None:
    value = (measures or {}).get(manifest.learned)
    return bool(value >= _HALF) if isinstance(value, int | float) else None


def _digest(answer: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_json.canonical_bytes(answer)).hexdigest()
