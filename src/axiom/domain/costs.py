"""The cost of a design, and of an experiment on one kind of host beside its declaration."""

from dataclasses import dataclass

from axiom.domain.value import value_class


@value_class
class HostCostReport:
    """One host's report on an experiment's cost: how many tasks, and the logarithm of spent over expected time."""

    host_id: int
    tasks: int
    log_ratio: float


@value_class
class CostFit:
    """All that hosts of one kind have reported on an experiment's cost, a voice for each; the newest last."""

    tasks: int = 0
    voices: tuple[HostCostReport, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """How much dearer an experiment is on a kind of host than its file declares; 1 where too little is known."""

    factor: float = 1.0
    host_id: int | None = None  # for which alone the factor holds; None where it holds for all of its kind

    def factor_for(self, host_id: int) -> float:
        """What this host's expected seconds are multiplied by."""
        return self.factor if self.host_id in (None, host_id) else 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class DesignCost:
    """What a design costs, in seconds of a reference core."""

    likely: float = 0.0
    most: float = 0.0

    @property
    def shown(self) -> dict[str, float]:
        """Likely and at most, as every page, list and tool says it; a limit of a program counts the second."""
        return {"core_hours": core_hours(self.likely), "most_core_hours": core_hours(self.most)}


def core_hours(seconds: float) -> float:
    """Rounded to three digits, so that all say the same number."""
    return float(f"{seconds / 3_600.0:.3g}")
