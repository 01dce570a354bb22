"""A simulated fleet against a laboratory that is there, by the real clock: how a laboratory looks at size.

Nothing is computed: each computer waits as long as its task would take, and makes its numbers up. It speaks to the same
handlers as a client's bytes do, and its accounts are labelled.
"""

import heapq
import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from vouching import vouch

from axiom.boinc.account_keys import account_key
from axiom.rules.hosts.suitable_runners import DRILL
from axiom.server.accounts.account_credentials import open_account
from axiom.server.http.fast_lane import Intake
from axiom.store.accounts import accounts
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from simulation.computer import Computer, TaskOnComputer
from simulation.contacts import Contacts
from simulation.dice import Dice
from simulation.fleet import Nature, fleet
from simulation.network import SimulatedNetwork
from simulation.replies import Heard
from simulation.troubles import CALM

_SEED = 83  # the same fleet at every start, so that its hosts are known again
_SPREAD = 20.0  # seconds over which the first contacts are spread
_CONTACT_EVERY, _REPORT_WITHIN = 300.0, 30.0
_LONGEST_TURN = 2_000  # events
_MOST_ORDERED = 10_000  # workunits of one command


def natures(amount: int) -> list[Nature]:
    """So many computers, the same at every start."""
    return fleet(amount, _SEED, CALM, days=1.0)


def join(db: Database, secret: bytes, names: Sequence[str], now: datetime) -> dict[str, str]:
    """The account keys of volunteers who only play a part, opened where they have none; nobody can sign in to them.

    Their computers get the drill alone, which must be published, and counts as tried since nobody computes it.
    """
    drill = experiments.find_experiment_by_name(db, DRILL)
    newest = experiments.find_newest_bundle(db, drill.id) if drill else None
    if newest is None:
        raise LookupError(f"{DRILL} is not published")
    vouch(db, newest.digest, now)
    return {name: account_key(secret, _account_of(db, secret, name, now), 1) for name in names}


def _account_of(db: Database, secret: bytes, name: str, now: datetime) -> int:
    email = f"{name.lower()}@simulated.invalid"
    existing = accounts.find_account_by_email(db, email)
    if existing is not None:
        return existing[0].id
    made = open_account(db, secret, name=f"Simulated {name}", email=email, password="", now=now)
    if made is None:
        raise LookupError(f"the account {email} was opened twice")
    accounts.set_simulated(db, made)
    return made


class LiveFleet:
    """The computers and what each of them does next."""

    def __init__(
        self,
        natures: Sequence[Nature],
        keys: Mapping[str, str],
        *,
        ask: Callable[[bytes], bytes],
        arrive: Callable[[int], Intake],
        now: Callable[[], datetime],
    ) -> None:
        self.contact_every, self.report_within = _CONTACT_EVERY, _REPORT_WITHIN
        self.now = 0.0
        self.ask, self.arrive = ask, arrive
        self._clock = now
        self._began = now()
        self._cores = sum(nature.build.cores for nature in natures)
        self._queue: list[tuple[float, int, Callable[..., None], tuple[object, ...]]] = []
        self._numbers = itertools.count()
        contacts = Contacts(self, SimulatedNetwork(_SEED, CALM))
        for place, nature in enumerate(natures):
            contacts.attach(_computer(nature, keys), _SPREAD * place / len(natures))

    @property
    def is_reachable(self) -> bool:
        """Whoever asks sees."""
        return True

    def turn(self) -> None:
        """Do what has been due since the last turn."""
        until = (self._clock() - self._began).total_seconds()
        for _ in range(_LONGEST_TURN):
            if not self._queue or self._queue[0][0] > until:
                break
            due, _, what, about = heapq.heappop(self._queue)
            self.now = max(self.now, due)
            what(*about)

    def lacking(self, unsent: int) -> int:
        """How many workunits of the drill to order: some when less than a task for each core waits."""
        return min(_MOST_ORDERED, 2 * self._cores - unsent) if unsent < self._cores else 0

    def testify(self, host: int, brought: Mapping[str, TaskOnComputer], heard: Heard) -> None:
        """Nobody keeps watch here: the laboratory's own checks do."""

    def look(self) -> None:
        """Likewise."""

    def at(self, when: float, what: Callable[..., None], *about: object) -> None:
        """Let this happen then."""
        heapq.heappush(self._queue, (when, next(self._numbers), what, about))

    def note(self, kind: str, *facts: object) -> None:
        """Nothing is written down: the laboratory's own log has it."""


def _computer(nature: Nature, keys: Mapping[str, str]) -> Computer:
    dice = Dice(_SEED, f"computer {nature.number}")
    return Computer(nature=nature, key=keys[nature.volunteer], salt="live", dice=dice, starts_warm=True)
