"""Days of a laboratory in a world whose truth is known: it asks, orders, weighs and grades, and is judged afterwards.

All of the laboratory is the real one: its store, dispatch, validation, sessions, planner and grades. Simulated are the
clock, the network and the computers, which measure what the world says.
"""

import functools
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from simulation.computer import Computer
from simulation.dice import Dice
from simulation.fleet import WHOLE, Nature
from simulation.laboratory import Simulated
from simulation.outputs import cells_of, written
from simulation.promise_checker import Witness
from simulation.replies import HeardOrder
from simulation.troubles import CALM, Troubles
from simulation.world import Scenario

import axiom
from axiom.domain.estimands import Kind
from axiom.domain.fleet import Platform
from axiom.domain.work import Outcome
from axiom.laboratory.experiments.publish import PackedBundle, pack_experiment
from axiom.runner.direct import describe_files
from axiom.settings import Settings
from axiom.signed import bundles
from axiom.signed.outputs import CellOutput
from axiom.store.connections import Connections
from world.drawing import Computing, Drawn, draw
from world.judging import WorldVerdict, judge
from world.simulation import BEGIN, Simulation
from world.truths import PublishedQuestion, Truth, asked, truths

_TROUBLES = replace(
    CALM,
    lost_requests=0.01,
    lost_replies=0.01,
    vanishing=0.05,
    sleeping=0.05,
    lying=0.02,
    crashing=0.02,
    aborting=0.02,
)
_SETTINGS = Settings(
    name="Planted",
    url="http://simulated.example/",
    workers=0,
    task_seconds=1_200.0,
    queue_per_core=1,
    followup_core_hours=1_000.0,  # half an hour of this fleet
)
_WITH_WINDOWS = ("H32w", "H16", "H8")
_BIAS = 1.0  # standard deviations, by which a broken host shifts an arm
_NEVER = 10**12  # events


@dataclass(frozen=True, kw_only=True)
class WorldEnd:
    judged: WorldVerdict
    results: int
    sessions: int
    events: int
    wrong_hosts: int  # that lie or are broken
    broken: tuple[str, ...]


def play(seed: int, place: Path, *, days: float = 30.0, hosts: int = WHOLE, troubles: Troubles = _TROUBLES) -> WorldEnd:
    """Let a laboratory live in a world for so many days, and judge what it found."""
    course = Scenario(
        seed=seed, hosts=hosts, days=days, workunits=0, troubles=troubles, full_check_every=_NEVER, journalled=False
    )
    planted = Planted(course, place)
    outcome = planted.play()
    with Connections(folder=planted.lab.folder).reader() as db:
        judged = judge(db, planted.truths)
    return WorldEnd(
        judged=judged,
        results=judged.results,
        sessions=outcome.counts.get("session", 0),
        events=outcome.events,
        wrong_hosts=sum(one.nature.lies for one in planted.contacts.computers),
        broken=tuple(outcome.broken),
    )


@functools.cache
def published() -> tuple[PackedBundle, ...]:
    """The questions of every world: packed, and described in one process, once for each process."""
    package = Path(axiom.__file__).parent
    with tempfile.TemporaryDirectory(prefix="axiom-") as folder:
        files = [_file(Path(folder), one) for one in asked()]
        bodies = {name: body for file in files for name, body in bundles.collect_sources(package, file).items()}
        modules = [f"axiom.catalogue.{file.stem}" for file in files]
        found = dict(zip(modules, describe_files(bodies, modules), strict=True))
        return tuple(
            pack_experiment(package, file, describe=lambda _, named: tuple(found[each] for each in named))
            for file in files
        )


class Planted(Simulation):
    """A laboratory among computers that measure what a world says."""

    def __init__(self, course: Scenario, place: Path) -> None:
        self.truths = truths(course.seed)
        super().__init__(course, place)
        self.witness = Trusting(lab=self.lab)

    def _made(self, place: Path) -> Simulated:
        return Simulated.make(
            place, self.course.seed, BEGIN, _SETTINGS, journalled=self.course.journalled, published=published()
        )

    def _joined(self, nature: Nature, key: str) -> Computer:
        dice = Dice(self.course.seed, f"computer {nature.number}")
        return Worker(
            nature=nature,
            key=key,
            salt=str(self.course.seed),
            dice=dice,
            world=self.course.seed,
            truths=self.truths,
        )

    def _order(self) -> None:
        """Nothing but what its sessions order."""


@dataclass(kw_only=True)
class Trusting(Witness):
    """Does not look after each event, which other simulations do: only at the end, and then at everything."""

    def _look(self, touched: object) -> None:
        pass


@dataclass(kw_only=True)
class Worker(Computer):
    """A computer that measures what the world says; one that lies or is broken measures something else."""

    world: int
    truths: Mapping[str, Truth]
    by: Computing = field(init=False)

    def __post_init__(self) -> None:
        number, lies = self.nature.number, self.nature.lies
        self.by = Computing(
            world=self.world,
            host=number,
            platform="windows" if self.nature.build.name in _WITH_WINDOWS else "linux",
            lie=str(number) if lies and number % 2 else "",
            bias=_BIAS if lies and not number % 2 else 0.0,
        )

    def says(self, now: float) -> bytes:
        said = super().says(now)
        return said.replace(b"x86_64-pc-linux-gnu", b"windows_x86_64") if self.by.platform == "windows" else said

    def _computed(self, order: HeardOrder) -> bytes:
        platform = Platform(system=self.by.platform, processor="x86_64", instructions="avx2")
        return written(order, platform, [self._cell(order, *ordered) for ordered in cells_of(order)])

    def _cell(
        self, order: HeardOrder, replicate: int, place: int, seed: int, config: Mapping[str, object]
    ) -> CellOutput:
        drawn = self._drawn(order, seed, config)
        return CellOutput(
            replicate=replicate,
            config=place,
            seed=seed,
            outcome=Outcome.LATE if drawn.value is None else Outcome.OK,
            measures=None if drawn.value is None else {"value": drawn.value},
            early=(drawn.early, drawn.early / 2.0),
            cpu_seconds=1.0,
        )

    def _drawn(self, order: HeardOrder, seed: int, config: Mapping[str, object]) -> Drawn:
        return draw(self.truths[order.ticket["experiment"]], config, seed, self.by)

    def _lasts(self, order: HeardOrder) -> float:
        usual = super()._lasts(order)
        if self.nature.crashes:
            return usual
        cells = [self._drawn(order, seed, config).slower for _, _, seed, config in cells_of(order)]
        return usual * sum(cells) / len(cells)


def _file(folder: Path, one: PublishedQuestion) -> Path:
    """The file of a question: the one that is there, under its name, with its cost and its smallest effect."""
    text = Path(__file__).with_name("planted.py").read_text(encoding="utf-8")
    each = one.seconds / 2.0 if one.kind is Kind.CONTRAST else one.seconds
    for there, wanted in (
        ('name="planted"', f'name="{one.name}"'),
        ("smallest=0.25", f"smallest={one.smallest}"),
        ("ASKED = Kind.CONTRAST", f"ASKED = Kind.{one.kind.name}"),
        ("SECONDS = 20.0", f"SECONDS = {each}"),
    ):
        text = text.replace(there, wanted)
    file = folder / f"{one.name}.py"
    file.write_text(text, encoding="utf-8")
    return file
