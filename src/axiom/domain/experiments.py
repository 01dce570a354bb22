"""What an experiment is: a question, a sweep, a pure function and what it costs.

Standard library only: the server, the runner, a bundle on a stranger's computer and a notebook read the same words.
"""

import hashlib
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypeVar

from axiom.domain.findings import Estimand

C = TypeVar("C")  # the experiment's own Config
NAME = re.compile(r"[a-z][a-z0-9_]{2,63}")


def seed_of(experiment: str, version: int, replicate: int) -> int:
    """The seed of a replicate: 63 bits from its name, its version and its number; nothing else enters."""
    text = f"axiom-seed-1|{experiment}|{version}|{replicate}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") >> 1


def grid(config: Callable[..., C], **levels: Sequence[Any]) -> tuple[C, ...]:
    """Every combination of the levels, the last factor varying fastest."""
    names = tuple(levels)
    return tuple(
        config(**dict(zip(names, point, strict=True))) for point in itertools.product(*(levels[name] for name in names))
    )


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What one cell costs: reference-core seconds as a function of its config; and what a whole task takes."""

    seconds: Callable[[Any], float]
    memory_mb: int
    disk_mb: int = 100
    gpu: bool = False  # computes on a GPU, one for each task
    gpu_memory_mb: int = 0  # on the GPU; 0 is as much as memory_mb, which is the host's own


@dataclass(frozen=True, kw_only=True)
class Figure:
    """The picture of a sweep: which measure over which factor, and which of the two axes are logarithmic."""

    x: str
    y: str
    title: str
    log: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A question, a sweep, a pure function and the estimands that will be concluded from what it measures."""

    name: str
    version: int
    question: str
    run: Callable[[Any, int], Any]
    measures: type
    sweep: tuple[Any, ...]
    ranges: Mapping[str, tuple[float, float]]
    estimands: tuple[Estimand, ...]
    needs: Needs
    figure: Figure | None = None
    aliases: tuple[str, ...] = ()
    reference: str = ""

    def __post_init__(self) -> None:
        """Refuse a declaration that could not be computed or weighed, before anything is built on it."""
        if not NAME.fullmatch(self.name):
            raise ValueError(f"the name {self.name!r} must be 3 to 64 of a-z, 0-9 and _, beginning with a letter")
        if self.version < 1:
            raise ValueError(f"{self.name}: version {self.version} must be 1 or more")
        if not self.sweep:
            raise ValueError(f"{self.name}: the sweep is empty, so there is nothing to compute")
        if len(set(self.sweep)) != len(self.sweep):
            raise ValueError(f"{self.name}: the sweep names the same config twice")
        if not is_dataclass(self.measures):
            raise TypeError(f"{self.name}: measures must be a dataclass")
        self._check_estimands({field.name for field in fields(self.measures)}, self.factors)

    @property
    def factors(self) -> frozenset[str]:
        """The names of the fields of a config."""
        return frozenset(field.name for field in fields(self.sweep[0]))

    def _check_estimands(self, measures: set[str], factors: frozenset[str]) -> None:
        for estimand in self.estimands:
            if estimand.measure not in measures:
                raise ValueError(f"{self.name}: estimand {estimand.name} wants measure {estimand.measure!r}: no such")
            named = {estimand.across} if estimand.across else set[str]().union(*estimand.between)
            if not named <= factors:
                raise ValueError(
                    f"{self.name}: estimand {estimand.name} names unknown factors {sorted(named - factors)}"
                )
        if unknown := set(self.ranges) - factors:
            raise ValueError(f"{self.name}: ranges name unknown factors {sorted(unknown)}")
