"""The computers of a simulated fleet: as many of each kind as the old laboratory's volunteers had, or any number."""

from dataclasses import dataclass

from simulation.dice import Dice
from simulation.troubles import Troubles

WHOLE = 83  # as many as were active at most


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """A kind of computer, and how many of 83 are of it."""

    name: str
    cores: int
    memory_mb: int
    amount: int
    gpus: int = 0
    volunteer: str = ""  # whose they all are; empty for somebody new each


@dataclass(frozen=True, kw_only=True, slots=True)
class Nature:
    """What one computer is like, for good."""

    number: int
    build: Build
    volunteer: str
    speed: float  # of a core, in reference cores
    vanishes_at: float | None = None  # seconds after the beginning
    sleeps_at: float | None = None
    sleeps_for: float = 0.0
    lies: bool = False
    crashes: bool = False
    aborts: bool = False
    forgets: bool = False
    clones_at: float | None = None
    floods: bool = False
    clock_wrong_by: float = 0.0  # seconds


BUILDS = (
    Build(name="H240", cores=240, memory_mb=512_000, amount=1, volunteer="V-giant"),
    Build(name="H192", cores=192, memory_mb=384_000, amount=1, gpus=2, volunteer="V-192"),
    Build(name="H128", cores=128, memory_mb=256_000, amount=1, gpus=1, volunteer="V-128"),
    Build(name="H80", cores=80, memory_mb=128_000, amount=3, volunteer="V-big"),
    Build(name="H72", cores=72, memory_mb=128_000, amount=1, gpus=2, volunteer="V-72"),
    Build(name="H64", cores=64, memory_mb=128_000, amount=1, gpus=1, volunteer="V-64"),
    Build(name="H36", cores=36, memory_mb=64_000, amount=1, volunteer="V-36"),
    Build(name="H32", cores=32, memory_mb=64_000, amount=20, volunteer="V-fleet"),
    Build(name="H32w", cores=32, memory_mb=64_000, amount=2, volunteer="V-single"),
    Build(name="H24", cores=24, memory_mb=32_000, amount=4),
    Build(name="H20", cores=20, memory_mb=32_000, amount=4),
    Build(name="H16", cores=16, memory_mb=32_000, amount=12),
    Build(name="H8", cores=8, memory_mb=16_000, amount=18),
    Build(name="H4", cores=4, memory_mb=8_000, amount=8),
    Build(name="H2", cores=2, memory_mb=6_000, amount=4),
    Build(name="H100s", cores=100, memory_mb=4_000, amount=1, volunteer="V-narrow"),
    Build(name="H2s", cores=2, memory_mb=3_000, amount=1),
)
_YEAR = 365.25 * 86_400


def builds(amount: int) -> list[Build]:
    """The kinds of so many computers: of 83 exactly as many as there were, of others in proportion."""
    row = [build for build in BUILDS for _ in range(build.amount)]
    return [row[(place * len(row) + len(row) // 2) // amount % len(row)] for place in range(amount)]


def fleet(amount: int, seed: int, troubles: Troubles, *, days: float) -> list[Nature]:
    """So many computers, each with its owner, its speed and its vices."""
    return [
        _nature(place, build, Dice(seed, f"host {place}"), troubles, days * 86_400)
        for place, build in enumerate(builds(amount))
    ]


def _nature(number: int, build: Build, dice: Dice, troubles: Troubles, seconds: float) -> Nature:
    sleeps = dice.happens(troubles.sleeping)
    return Nature(
        number=number,
        build=build,
        volunteer=build.volunteer or f"V-{number}",
        speed=dice.between(0.5, 1.5),
        vanishes_at=dice.between(0, seconds) if dice.happens(troubles.vanishing) else None,
        sleeps_at=dice.between(0, seconds / 2) if sleeps else None,
        sleeps_for=dice.between(86_400, seconds) if sleeps else 0.0,
        lies=dice.happens(troubles.lying),
        crashes=dice.happens(troubles.crashing),
        aborts=dice.happens(troubles.aborting),
        forgets=dice.happens(troubles.forgetting),
        clones_at=dice.between(0, seconds) if dice.happens(troubles.cloning) else None,
        floods=dice.happens(troubles.flooding),
        clock_wrong_by=dice.between(-10, 10) * _YEAR if dice.happens(troubles.wrong_clocks) else 0.0,
    )
