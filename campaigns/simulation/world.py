"""What contacts and mishaps happen in, and what course it takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from axiom.server.http.fast_lane import Intake
from simulation.computer import TaskOnComputer
from simulation.fleet import WHOLE
from simulation.laboratory import Simulated
from simulation.promise_checker import Witness
from simulation.replies import Heard
from simulation.troubles import CALM, Troubles


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """What is simulated."""

    seed: int
    hosts: int = WHOLE
    days: float = 30.0
    workunits: int = 14_000  # of the burden that are ordered over these days, in even parts each day
    bulky: int = 0  # workunits beside them whose outputs are too large for a row
    troubles: Troubles = CALM
    contact_every: float = 4 * 3_600.0  # seconds between two contacts of a computer that needs nothing
    full_check_every: int = 10_000  # events
    journalled: bool = True


class Scene(Protocol):
    """Where computers speak with a laboratory: a simulated one, or one that is there."""

    now: float  # seconds since it began
    contact_every: float
    report_within: float  # seconds in which what has ended is reported

    @property
    def is_reachable(self) -> bool:
        """Does the laboratory answer?"""

    def ask(self, body: bytes) -> bytes:
        """The scheduler's reply to a request."""

    def arrive(self, length: int) -> Intake:
        """An upload begins."""

    def testify(self, host: int, brought: Mapping[str, TaskOnComputer], heard: Heard) -> None:
        """The laboratory has answered a host that brought these reports, whether or not the host hears of it."""

    def look(self) -> None:
        """Something happened of which no host is told."""

    def at(self, when: float, what: Callable[..., None], *about: object) -> None:
        """Let this happen then."""

    def note(self, kind: str, *facts: object) -> None:
        """Write down what happened now."""


class World(Scene, Protocol):
    """A course of events under way in a simulated laboratory."""

    course: Scenario
    lab: Simulated
    witness: Witness

    def down(self, seconds: float) -> None:
        """The laboratory is away for so long, whatever it was doing."""
