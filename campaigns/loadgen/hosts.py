"""What a played computer remembers between two requests, as the client's state file does."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from simulation.replies import HeardOrder


@dataclass(kw_only=True, slots=True)
class HeldTask:
    """A task in hand. Once its output is sent, `report` holds the lines that report it, and the order is forgotten."""

    name: str
    round: int  # of the host's, in which it came
    order: HeardOrder | None
    report: str = ""


@dataclass(kw_only=True, slots=True)
class Host:
    """One computer of one volunteer."""

    number: int
    key: str
    salt: str = ""
    id: int = 0
    seqno: int = 0
    round: int = 0
    cross: str = ""  # the id across projects that the server last told; none before, as with the client
    hand: dict[str, HeldTask] = field(default_factory=dict)

    @property
    def cpid(self) -> str:
        """What its client calls the computer."""
        return hashlib.md5(f"axiom-load-{self.salt}-{self.number}".encode(), usedforsecurity=False).hexdigest()


def fleet(amount: int, keys: Sequence[str], *, salt: str = "") -> list[Host]:
    """So many new hosts, dealt over the accounts with these keys."""
    return [Host(number=number, key=keys[number % len(keys)], salt=salt) for number in range(amount)]
