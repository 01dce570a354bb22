"""Requests of every kind and shape, and one process that draws for all tests of a worker."""

import functools

import pytest

from axiom.domain.findings import Grade, Verdict
from axiom.figures.drawing import Draughtsman
from axiom.figures.requests import Look, Narrowing, Point, Strip, Sweep

WIDTHS = (8, 16, 32, 64, 128, 256, 512)


def falling(width: int) -> Point:
    return Point(x=width, median=6 * width**-0.8, low=5.2 * width**-0.8, high=7 * width**-0.8, seeds=24)


def look(seeds: int, half: float | None, grade: Grade = Grade.AWAITING, verdict: Verdict = Verdict.POSITIVE) -> Look:
    low, high = (None, None) if half is None else (0.06 - half, 0.06 + half)
    return Look(seeds=seeds, estimate=0.06, low=low, high=high, verdict=verdict, grade=grade)


LOOKS = (
    look(8, None),
    look(16, 0.05, Grade.MODERATE),
    look(24, 0.03, Grade.MODERATE),
    look(32, 0.02, Grade.STRONG),
)
VALUES = tuple(None if number % 17 == 5 else 0.06 + 0.01 * ((number * 7) % 11 - 5) for number in range(480))
REQUESTS = {
    "sweep": Sweep(
        name="sweep",
        title="How far the weights travel",
        x="width",
        y="movement",
        log=("x", "y"),
        points=tuple(falling(width) for width in WIDTHS),
    ),
    "series": Sweep(
        name="series",
        title="Rank over depth",
        x="depth",
        y="effective_rank",
        by="lr",
        points=tuple(
            Point(x=depth, series=lr, median=20 / (1 + depth * lr), low=20 / (1 + depth * lr) - 1, seeds=8)
            for lr in (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
            for depth in range(1, 7)
        ),
    ),
    "words": Sweep(
        name="words",
        title='"Which" <optimiser> & why',
        x="optimizer",
        y="loss",
        points=(
            Point(x="sgd's", median=0.2, low=0.1, high=0.3),
            Point(x="adam", median=0.1),
            Point(x="none", median=None, seeds=0),
        ),
    ),
    "one": Sweep(name="one", title="One", x="width", y="loss", points=(Point(x=8, median=0.0),), log=("x", "y")),
    "narrowing": Narrowing(
        name="narrowing",
        title="The interval as it narrowed",
        y="gap",
        looks=LOOKS,
        null=0.0,
        smallest=0.02,
        predicted=(0.03, 0.12),
    ),
    "first-look": Narrowing(
        name="first-look",
        title="The first look",
        y="share",
        looks=(look(8, None, verdict=Verdict.UNDECIDED),),
        null=0.5,
        smallest=0.1,
    ),
    "strip": Strip(
        name="strip",
        title="Every replicate",
        y="gap",
        replicates=tuple(range(480)),
        values=VALUES,
        look=LOOKS[-1],
        null=0.0,
        smallest=0.02,
    ),
    "long-strip": Strip(
        name="long-strip",
        title="Every replicate",
        y="gap",
        replicates=tuple(range(1_440)),
        values=VALUES * 3,
        look=LOOKS[0],
        null=0.0,
        smallest=0.02,
    ),
}


@pytest.fixture(scope="session")
def requests():
    return REQUESTS


@pytest.fixture(params=REQUESTS)
def request_of_each_kind(request):
    return REQUESTS[request.param]


@pytest.fixture(scope="session")
def draughtsman():
    with Draughtsman() as drawing:
        yield drawing


@pytest.fixture(scope="session")
def drawn(draughtsman):
    """Each picture, drawn once for all tests that look at it."""
    return functools.cache(lambda name: draughtsman.draw(REQUESTS[name]))
