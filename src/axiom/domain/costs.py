"""What an experiment costs one kind of host, beside what its file declares."""

from axiom.domain.dataclass import dataclass
from axiom.domain.value import value


@value
class Voice:
    """What the tasks of one host say: how many they are, and the logarithm of spent over expected time."""

    host_id: int
    tasks: int
    log_ratio: float


@value
class Fit:
    """What hosts of one kind have said of an experiment's cost: in all so many tasks, the newest voice last."""

    tasks: int = 0
    voices: tuple[Voice, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """By how much an experiment is dearer on a kind of host than declared; 1 where too little is known."""

    factor: float = 1.0
    host_id: int | None = None  # for which alone the factor holds; None where it holds for all of its kind

    def factor_for(self, host_id: int) -> float:
        """What this host's expected seconds are multiplied by."""
        return self.factor if self.host_id in (None, host_id) else 1.0
