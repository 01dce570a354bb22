"""Every way in which the laboratory writes, killed at the boundary of every single statement, and gone on with.

Each time the laboratory is as it was before, dies at one statement further, starts again, and is asked the same once
more, as whoever got no answer does. Then every promise must hold, and the end must be that of a laboratory which lived.
"""

import copy
import dataclasses
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from simulation import client_messages, task_invariants
from simulation.computer import Computer, TaskOnComputer
from simulation.dice import Dice
from simulation.disk import DiskFault, Fate, Killed
from simulation.fleet import Build, Nature
from simulation.laboratory import Simulated
from simulation.replies import hear

from axiom.laboratory import promises
from axiom.laboratory.tasks.commands import CancelWorkunits
from axiom.settings import Settings
from axiom.store.connections import Connections
from axiom.store.engine.folder import Folder
from axiom.store.rounds import rounds

_NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
_SETTINGS = Settings(name="Boundaries", workers=0, queue_per_core=1, journal="journal")
_NATURE = Nature(
    number=1, build=Build(name="H6", cores=6, memory_mb=64_000, amount=1), volunteer="V-boundaries", speed=1.0
)
_MOST_STATEMENTS = 5_000


@dataclass(kw_only=True)
class Tableau:
    """A laboratory and one computer, of whose tasks each stands at another point of its way."""

    lab: Simulated
    computer: Computer

    def call(self) -> None:
        raw = bytes(self.lab.up.scheduler.answer_request(self.computer.says(0.0)).result())
        self.computer.obeys(hear(raw), 0.0)

    def bring(self, held: TaskOnComputer) -> None:
        body, slot = held.output or b"", held.order.slot
        transfers = self.lab.up.transfers
        message = client_messages.upload(slot, size=len(body), md5=client_messages.md5(body), offset=0) + body
        arrival = transfers.arrive(len(message))
        arrival.take(message)
        arrival.finish().result()

    def held(self, place: int) -> TaskOnComputer:
        return list(self.computer.hand.values())[place]


@dataclass(kw_only=True)
class Everywhere:
    """What came of killing one way of writing at every statement."""

    path: str
    points: int = 0
    broken: list[str] = field(default_factory=list)


PATHS: Mapping[str, Callable[[Tableau], object]] = {
    "dispatch": Tableau.call,
    "upload": lambda stage: stage.bring(stage.held(1)),
    "report": Tableau.call,
    "transition": lambda stage: stage.lab.sweep(),
    "validate": lambda stage: stage.lab.judge(),
    "credit": lambda stage: stage.lab.pay(),
    "cancel": lambda stage: stage.lab.submit(CancelWorkunits(workunits=[1, 2, 3, 4, 5, 6, 7], reason="a simulation")),
    "session": lambda stage: stage.lab.attend(),
}


def stage(place: Path) -> Tableau:
    lab = Simulated.make(place, 1, _NOW, _SETTINGS)
    lab.settles = False
    lab.start()
    computer = Computer(nature=_NATURE, key=lab.join(_NATURE.volunteer), salt="boundaries", dice=Dice(1, "boundaries"))
    made = Tableau(lab=lab, computer=computer)
    lab.order(5)
    made.call()
    first, second, *others = list(computer.hand.values())
    for held in (first, second):  # one is judged and not paid, the other returned and not judged
        _prove(made, held)
        made.call()
        if held is first:
            lab.judge()
    _prove(made, others[0])  # uploaded and not reported
    computer.finishes(others[1], 3_600.0)  # computed and not uploaded
    lab.order(4)
    lab.end()
    return made


def kill_everywhere(path: str, origin: Tableau, place: Path, *, every: int = 1) -> Everywhere:
    """Kill this way of writing at its first statement, at its second, and so on, until it comes to its end alive.

    `every`: only at one in so many, where there is no time for all.
    """
    found, wanted = Everywhere(path=path), _lived(path, origin, place / "alive")
    for point in range(1, _MOST_STATEMENTS, every):
        acted = _copied(origin, place / f"{path}-{point}", path)
        acted.lab.fate.arm(DiskFault.KILL, point)
        try:
            PATHS[path](acted)
        except Killed:
            found.points += 1
        alive = not acted.lab.fate.is_dead
        acted.lab.fate.armed = None
        acted.lab.end()
        if not alive:
            found.broken += [f"{path}, statement {point}: {problem}" for problem in _gone_on_with(path, acted, wanted)]
        shutil.rmtree(acted.lab.folder.path)
        if alive:
            break
    return found


def _lived(path: str, origin: Tableau, place: Path) -> object:
    acted = _copied(origin, place, path)
    PATHS[path](acted)
    acted.lab.end()
    end = _stand(acted)
    shutil.rmtree(place)
    return end


def _gone_on_with(path: str, acted: Tableau, wanted: object) -> list[str]:
    """Start again and ask again: what is broken before and after, and whether the end is the same."""
    acted.lab.start()
    broken = _broken(acted)
    PATHS[path](acted)
    broken += _broken(acted)
    acted.lab.end()
    end = _stand(acted)
    return broken if end == wanted else [*broken, f"it ends as {end} and not as {wanted}"]


def _copied(origin: Tableau, place: Path, path: str) -> Tableau:
    shutil.copytree(origin.lab.folder.path, place)
    clock = dataclasses.replace(origin.lab.clock)
    lab = dataclasses.replace(origin.lab, folder=Folder(path=place), clock=clock, fate=Fate(), parts=None)
    lab.start()
    if path == "transition":  # it was there all the time, and its hosts were silent
        clock.now += timedelta(hours=60)
        lab.live()
    acted = Tableau(lab=lab, computer=copy.deepcopy(origin.computer))
    if path == "dispatch":  # it reports nothing
        for held in acted.computer.hand.values():
            held.report = ""
    return acted


def _broken(acted: Tableau) -> list[str]:
    lab = acted.lab
    with Connections(folder=lab.folder).reader() as db:
        found = promises.find_broken_promises(db, lab.folder, lab.keys.trust, lab.clock.now)
    return [f"{promise} {problem}" for promise, problems in found.items() for problem in problems]


def _stand(acted: Tableau) -> object:
    with Connections(folder=acted.lab.folder).reader() as db:
        tasks = task_invariants.read_promised_tasks(db, range(1, task_invariants.read_store_head(db).tasks + 1))
        stand = {task.id: (task.state, task.host_id, task.output_digest) for task in tasks.values()}
        return (
            stand,
            task_invariants.sum_balances_by_holder(db),
            [(one.name, one.done) for one in rounds.list_rounds(db, limit=10)],
        )


def _prove(made: Tableau, held: TaskOnComputer) -> None:
    made.computer.finishes(held, 3_600.0)
    made.bring(held)
    made.computer.uploaded(held, 3_600.0)
