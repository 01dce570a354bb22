"""Reads what goes in: the hosts, and what each of them computed, how it ended and how long it took."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).with_name("data")


@dataclass(frozen=True, kw_only=True, slots=True)
class Computer:
    """A computer of the fleet."""

    name: str
    volunteer: str
    cores: int
    memory_mb: int
    gpus: int
    system: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Computed:
    """One task as its host tells of it. `experiment` is a name, with @ and the version where it is not the first."""

    host: str
    experiment: str
    # valid; raised: success is claimed and an error is inside; died; aborted: by a person on the host; stopped: by us
    outcome: str
    seconds: float


class Impossible(RuntimeError):
    """What the logs say cannot all have happened."""


def demand(holds: bool, why: str) -> None:
    """Go on only where this holds."""
    if not holds:
        raise Impossible(why)


@cache
def fleet() -> tuple[Computer, ...]:
    """All computers, in the order of their sizes."""
    return tuple(
        Computer(
            name=row["host"],
            volunteer=row["volunteer"],
            cores=int(row["cores"]),
            memory_mb=int(row["memory_mb"]),
            gpus=int(row["gpus"]),
            system=row["system"],
        )
        for row in _rows("hosts")
    )


def computed(name: str) -> tuple[Computed, ...]:
    """What came back in one part of the story, a line for each host, experiment and outcome with all its times."""
    return tuple(
        Computed(host=row["host"], experiment=row["experiment"], outcome=row["outcome"], seconds=float(seconds))
        for row in _rows(name)
        for seconds in row["seconds"].split()
    )


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / f"{name}.csv").open(newline="") as file:
        yield from csv.DictReader(file)
