"""Does a laboratory keep what is too large for a row? Outputs that lie in files, for simulated computers to bring.

It is published in simulations alone, and nothing is concluded from it.
"""

from dataclasses import dataclass

from axiom.domain.experiments import Experiment, Needs, grid


@dataclass(frozen=True, kw_only=True)
class Config:
    """How large."""

    size: int


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured: a number, and a long record of how it came about."""

    value: float
    record: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """Say the size and a record; simulated computers make such numbers without it."""
    value = config.size + (seed % 1_000) / 1_000
    return Measures(value=value, record=(value,) * (4_000 * config.size))


experiment = Experiment(
    name="bulk",
    version=1,
    question="Does a laboratory keep what is too large for a row?",
    run=run,
    measures=Measures,
    sweep=grid(Config, size=[1, 2]),
    ranges={"size": (1, 9)},
    estimands=(),
    needs=Needs(seconds=lambda config: 900.0 * config.size, memory_mb=500),
)
