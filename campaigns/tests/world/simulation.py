"""Days of a laboratory and its fleet in seconds: one seed, one order of events, one hash."""

import heapq
import itertools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from simulation.computer import Computer, TaskOnComputer
from simulation.contacts import Contacts
from simulation.dice import Dice
from simulation.disk import DiskFault, Killed
from simulation.fleet import Nature, fleet
from simulation.laboratory import BULK, Simulated
from simulation.network import SimulatedNetwork
from simulation.promise_checker import Witness
from simulation.replies import Heard
from simulation.world import Scenario

from axiom.errors import AxiomError
from axiom.server.http.fast_lane import Intake
from axiom.settings import Settings
from world.chronicle import Chronicle
from world.mishaps import Mishaps
from world.outcome import CourseOutcome

BEGIN = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
DAY = 86_400.0
_JOBS_EVERY, _SESSIONS_EVERY = 600.0, 4 * 3_600.0  # seconds; six sessions a day, as the old laboratory had five
_REPORT_WITHIN = 900.0
_RESTART_AFTER = 5.0  # seconds until whoever watches the laboratory's process starts it again
_SETTINGS = Settings(name="Simulation", workers=0, task_seconds=5_400.0, queue_per_core=1, journal="journal")


class Simulation:
    """Takes one event after the other from its queue, until the time is over."""

    def __init__(self, course: Scenario, place: Path) -> None:
        self.course = course
        self.now = 0.0
        self.contact_every, self.report_within = course.contact_every, _REPORT_WITHIN
        self.chronicle = Chronicle()
        self.lab = self._made(place)
        self.witness = Witness(lab=self.lab)
        self.dice = Dice(course.seed, "course")
        self._queue: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._numbers = itertools.count()
        self._fresh_at = course.full_check_every
        self._comes_back = False  # somebody will start the laboratory again
        self.contacts = Contacts(self, SimulatedNetwork(course.seed, course.troubles))
        self.mishaps = Mishaps(self, self.contacts)

    def at(self, when: float, what: Callable[..., None], *about: Any) -> None:
        heapq.heappush(self._queue, (when, next(self._numbers), what, about))

    def play(self) -> CourseOutcome:
        with self.lab.files.frail():
            return self._played()

    def _played(self) -> CourseOutcome:
        self._begin()
        end = self.course.days * DAY
        while self._queue and self._queue[0][0] <= end:
            self.now, _, what, about = heapq.heappop(self._queue)
            self.lab.clock.now = BEGIN + timedelta(seconds=self.now)
            self._happen(what, about)
            if self.witness.broken:
                break
            if self.chronicle.events >= self._fresh_at:
                self._fresh_at = self.chronicle.events + self.course.full_check_every
                self.witness.look_at_everything()
        return self._end()

    def note(self, kind: str, *facts: object) -> None:
        self.chronicle.note(self.now, kind, *facts)

    @property
    def is_reachable(self) -> bool:
        return self.lab.is_up

    def ask(self, body: bytes) -> bytes:
        return bytes(self.lab.up.scheduler.answer_request(body).result())

    def arrive(self, length: int) -> Intake:
        return self.lab.up.transfers.arrive(length)

    def testify(self, host: int, brought: Mapping[str, TaskOnComputer], heard: Heard) -> None:
        names = {name: held.order.task for name, held in brought.items()}
        claims = [(held.order.task, held.claims) for held in brought.values()]
        self.witness.hears(heard, host, claims, names)

    def look(self) -> None:
        self.witness.look()

    def down(self, seconds: float) -> None:
        """The laboratory is away for so long, whatever it was doing."""
        self.lab.end()
        self._comes_back = True
        self.at(self.now + seconds, self._start)

    def _made(self, place: Path) -> Simulated:
        return Simulated.make(place, self.course.seed, BEGIN, _SETTINGS, journalled=self.course.journalled)

    def _joined(self, nature: Nature, key: str) -> Computer:
        dice = Dice(self.course.seed, f"computer {nature.number}")
        return Computer(nature=nature, key=key, salt=str(self.course.seed), dice=dice)

    def _begin(self) -> None:
        self.lab.start()
        course = self.course
        natures = fleet(course.hosts, course.seed, course.troubles, days=course.days)
        keys = {name: self.lab.join(name) for name in dict.fromkeys(each.volunteer for each in natures)}
        for nature in natures:
            self.contacts.attach(self._joined(nature, keys[nature.volunteer]), self.dice.between(0, 3_600.0))
        for day in range(int(course.days)):
            self.at(day * DAY + 1.0, self._order)
            self.at(day * DAY + 3 * 3_600.0, self._tidy)
        self.at(_JOBS_EVERY, self._work)
        self.at(_SESSIONS_EVERY, self._attend)
        self.mishaps.begin()

    def _happen(self, what: Callable[..., None], about: tuple[Any, ...]) -> None:
        try:
            what(*about)
        except Killed:
            self.note("killed")
        except AxiomError as error:  # of the store: the others are answers
            said = str(error).replace(str(self.lab.folder.path), "")  # one course, wherever it lies
            self.note("refused", type(error).__name__, said)
        if not self.lab.is_up and not self._comes_back:
            self.note("down")
            self.down(_RESTART_AFTER)

    def _start(self) -> None:
        self._comes_back = False
        if self.lab.parts is None:
            moved = self.lab.start()
            self.note("started", moved)
            self.witness.look()

    def _order(self) -> None:
        """A day's part of what is ordered; put off while the laboratory is away."""
        if not self.lab.is_up:
            self.at(self.now + 600.0, self._order)
            return
        amount = max(1, round(self.course.workunits / self.course.days))
        self.lab.order(amount)
        if self.course.bulky:
            self.lab.order(max(1, round(self.course.bulky / self.course.days)), experiment=BULK)
        self.note("ordered", amount)

    def _work(self) -> None:
        self.at(self.now + _JOBS_EVERY, self._work)
        if self.lab.is_up:
            self.lab.work()
            self.note("jobs")
            self.witness.look()

    def _attend(self) -> None:
        self.at(self.now + _SESSIONS_EVERY, self._attend)
        if self.lab.is_up:
            name = self.lab.attend()
            if name:
                self.note("session", name)
                self.witness.look()

    def _tidy(self) -> None:
        if self.lab.is_up:
            self.lab.tidy()
            self.note("tidied")

    def _end(self) -> CourseOutcome:
        self.lab.fate.armed = None
        self.lab.files.armed.clear()
        if not self.lab.is_up:
            self.lab.end()
            self.lab.start()
        if not self.witness.broken:
            self.lab.work()
            self.witness.look_at_everything()
        head = self.witness.head()
        self.note("end", head)
        self.witness.close()
        self.lab.end()
        met = self.lab.fate.happened
        return CourseOutcome(
            seed=self.course.seed,
            digest=self.chronicle.digest,
            events=self.chronicle.events,
            counts=dict(sorted(self.chronicle.counts.items())),
            results=len(self.witness.proven),
            kills=sum(amount for what, amount in met.items() if what.startswith(DiskFault.KILL)),
            statements=self.lab.fate.statements,
            met=dict(sorted(met.items())),
            broken=list(self.witness.broken),
            last=list(self.chronicle.last),
        )
