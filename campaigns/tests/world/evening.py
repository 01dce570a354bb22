"""One evening of a laboratory's volunteers: which findings does each of them support when it is over?

They join within ten minutes, each with a computer of 4 to 16 cores, and find the questions of a world let out to
everybody and nothing computed yet. Whatever the laboratory does is real but its clock, network and hosts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulation.dice import Dice
from simulation.fleet import Build, Nature
from simulation.troubles import CALM
from simulation.world import Scenario

from axiom.store.connections import Connections
from axiom.store.engine.database import Database
from axiom.store.findings import evidence
from axiom_weigh.values import Evidence, Grade
from world.worlds import Planted

_CORES = (8, 4, 16)
_OFTEN = 120.0  # seconds: rounds and jobs of a laboratory that is looked after all the time
_ARRIVE_WITHIN = 600.0
_REPORT_WITHIN = 180.0  # as the laboratory asks of clients that have work


@dataclass(frozen=True, kw_only=True)
class VolunteersEvening:
    """What one of them has supported when the evening is over."""

    closed: int  # findings to which a replicate of theirs in a closed block contributed
    decided: int  # of them with a verdict
    graded: int  # of them Moderate or surer


@dataclass(frozen=True, kw_only=True)
class EveningEnd:
    volunteers: tuple[VolunteersEvening, ...]
    broken: tuple[str, ...]


def spend_evening(seed: int, place: Path, *, computers: int, hours: float = 4.0) -> EveningEnd:
    course = Scenario(
        seed=seed,
        hosts=computers,
        days=hours / 24.0,
        workunits=0,
        troubles=CALM,
        contact_every=_REPORT_WITHIN,
        full_check_every=10**12,
        journalled=False,
    )
    evening = Evening(course, place)
    outcome = evening.play()
    with Connections(folder=evening.lab.folder).reader() as db:
        return _read_end(db, evening.volunteers, tuple(outcome.broken))


def _read_end(db: Database, volunteers: Sequence[int], broken: tuple[str, ...]) -> EveningEnd:
    newest, by_volunteer = evidence.list_newest_evidence(db), {number: set[int]() for number in volunteers}
    for number in newest:
        weighed = evidence.read_observation_set(db, number)
        for host in {host for observation in weighed.observations for host in observation.hosts}:
            by_volunteer[weighed.homes[host].volunteer_id].add(number)
    return EveningEnd(
        volunteers=tuple(_tell(supported, newest) for supported in by_volunteer.values()),
        broken=broken,
    )


def _tell(supported: Iterable[int], newest: Mapping[int, Evidence]) -> VolunteersEvening:
    lines = [newest[number] for number in supported]
    return VolunteersEvening(
        closed=len(lines),
        decided=sum(line.verdict.is_decided for line in lines),
        graded=sum(line.grade is not Grade.AWAITING for line in lines),
    )


class Evening(Planted):
    def _begin(self) -> None:
        self.report_within = _REPORT_WITHIN
        self.lab.start()
        for nature in self._natures():
            key = self.lab.join(nature.volunteer)
            self.contacts.attach(self._joined(nature, key), self.dice.between(0.0, _ARRIVE_WITHIN))
        self._work()
        self._attend()

    @property
    def volunteers(self) -> range:
        """Their accounts; the first is the laboratory's own."""
        return range(2, 2 + self.course.hosts)

    def _natures(self) -> Iterator[Nature]:
        for number in range(self.course.hosts):
            cores = _CORES[number % len(_CORES)]
            build = Build(name=f"H{cores}", cores=cores, memory_mb=4_000 * cores, amount=1)
            speed = Dice(self.course.seed, f"host {number}").between(0.5, 1.5)
            yield Nature(number=number, build=build, volunteer=f"V-{number}", speed=speed)

    def _work(self) -> None:
        self.at(self.now + _OFTEN, self._work)
        self.lab.work()

    def _attend(self) -> None:
        self.at(self.now + _OFTEN, self._attend)
        self.lab.attend()
