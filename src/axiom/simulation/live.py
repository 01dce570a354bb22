"""A simulated fleet against a laboratory that is there, by the real clock: how a laboratory looks at size.

Nothing is computed: each computer waits as long as its task would take, and makes its numbers up. It speaks to the same
handlers as a client's bytes from the network do, and its accounts are labelled.
"""

import heapq
import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from axiom.commands.command import Answer, Command
from axiom.commands.experiments import DeployExperiment, PublishExperiment
from axiom.commands.fleet import SimulateFleet
from axiom.decisions.hosts.runners import DRILL
from axiom.server.http.fast_lane import Intake
from axiom.server.http.uploads import Transfers
from axiom.server.scheduler.scheduler import Project
from axiom.simulation import fleet_drill
from axiom.simulation.computer import Computer, TaskOnComputer
from axiom.simulation.contacts import Contacts
from axiom.simulation.dice import Dice
from axiom.simulation.fleet import Nature, fleet
from axiom.simulation.network import SimulatedNetwork
from axiom.simulation.replies import Heard
from axiom.simulation.troubles import CALM

_SEED = 83  # the same fleet at every start, so that its hosts are known again
_SPREAD = 20.0  # seconds over which the first contacts are spread
_CONTACT_EVERY, _REPORT_WITHIN = 300.0, 30.0
_LONGEST_TURN = 2_000  # events
_MOST_ORDERED = 10_000  # workunits of one command


class LiveFleet:
    """The computers and what each of them does next."""

    def __init__(
        self,
        amount: int,
        *,
        project: Project,
        transfers: Transfers,
        submit: Callable[[Command], Answer],
        key_of: Callable[[int], str],
        now: Callable[[], datetime],
    ) -> None:
        self.contact_every, self.report_within = _CONTACT_EVERY, _REPORT_WITHIN
        self.now = 0.0
        self._project = project
        self._transfers = transfers
        self._submit = submit
        self._key_of = key_of
        self._clock = now
        self._began: datetime | None = None
        self._natures = fleet(amount, _SEED, CALM, days=1.0)
        self._cores = sum(nature.build.cores for nature in self._natures)
        self._queue: list[tuple[float, int, Callable[..., None], tuple[object, ...]]] = []
        self._numbers = itertools.count()
        self._contacts = Contacts(self, SimulatedNetwork(_SEED, CALM))

    @property
    def is_reachable(self) -> bool:
        """It is in this very process."""
        return True

    def turn(self) -> None:
        """Do what has been due since the last turn; at the first, attach all computers."""
        if self._began is None:
            self._attach()
        if self._began is None:
            return
        until = (self._clock() - self._began).total_seconds()
        for _ in range(_LONGEST_TURN):
            if not self._queue or self._queue[0][0] > until:
                break
            due, _, what, about = heapq.heappop(self._queue)
            self.now = max(self.now, due)
            what(*about)

    def supply(self, unsent: int) -> None:
        """Order more of the drill when less than a task for each core waits."""
        if self._began is not None and unsent < self._cores:
            workunits = min(_MOST_ORDERED, 2 * self._cores - unsent)
            self._submit(
                DeployExperiment(
                    experiment=DRILL, workunits=workunits, replicates_each=1, reason="for simulated computers"
                )
            )

    def ask(self, body: bytes) -> bytes:
        """The scheduler's reply."""
        return bytes(self._project.scheduler(body).result())

    def arrive(self, length: int | None) -> Intake:
        """An upload begins."""
        return self._transfers.arrive(length)

    def testify(self, host: int, brought: Mapping[str, TaskOnComputer], heard: Heard) -> None:
        """Nobody keeps watch here: the laboratory's own checks do."""

    def look(self) -> None:
        """Likewise."""

    def at(self, when: float, what: Callable[..., None], *about: object) -> None:
        """Let this happen then."""
        heapq.heappush(self._queue, (when, next(self._numbers), what, about))

    def note(self, kind: str, *facts: object) -> None:
        """Nothing is written down: the laboratory's own log has it."""

    def _attach(self) -> None:
        """The drill is published, every volunteer has an account, and every computer its first contact."""
        self._submit(PublishExperiment(experiment=DRILL, text=Path(fleet_drill.__file__).read_text()))
        names = list(dict.fromkeys(nature.volunteer for nature in self._natures))
        numbers: Sequence[int] = self._submit(SimulateFleet(volunteers=names))["volunteers"]
        keys = {name: self._key_of(number) for name, number in zip(names, numbers, strict=True)}
        self._began = self._clock()
        for place, nature in enumerate(self._natures):
            self._contacts.attach(self._computer(nature, keys), _SPREAD * place / len(self._natures))

    def _computer(self, nature: Nature, keys: Mapping[str, str]) -> Computer:
        dice = Dice(_SEED, f"computer {nature.number}")
        return Computer(nature=nature, key=keys[nature.volunteer], salt="live", dice=dice, starts_warm=True)
