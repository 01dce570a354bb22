"""Requests of every kind and shape."""

import pytest

from axiom_weigh.figures.picture_data import (
    Curve,
    CurveSeries,
    Forest,
    ForestPart,
    History,
    Look,
    Narrowing,
    Strip,
    Sweep,
    SweepPoint,
)
from axiom_weigh.values import Grade, Verdict

WIDTHS = (8, 16, 32, 64, 128, 256, 512)


def falling(width: int) -> SweepPoint:
    return SweepPoint(x=width, estimate=6 * width**-0.8, low=5.2 * width**-0.8, high=7 * width**-0.8, seeds=24)


def look(seeds: int, half: float | None, grade: Grade = Grade.AWAITING, verdict: Verdict = Verdict.POSITIVE) -> Look:
    low, high = (None, None) if half is None else (0.06 - half, 0.06 + half)
    return Look(seeds=seeds, estimate=0.06, low=low, high=high, verdict=verdict, grade=grade)


LOOKS = (
    look(8, None),
    *(look(16 + 8 * number, half, Grade.MODERATE) for number, half in enumerate((0.05, 0.03))),
    look(32, 0.02, Grade.STRONG),
)
DESIGNS = ((24, 0.081), (20, 0.07), (16, 0.058), (12, 0.012))
PARTS = (
    ForestPart(group="Platform", name="linux-x86_64-avx2", seeds=61, estimate=0.064, low=0.057, high=0.072),
    ForestPart(group="Platform", name="windows-x86_64-avx2", seeds=11, estimate=0.069, low=0.01, high=0.078),
    ForestPart(group="Host", name="host 3", seeds=8, estimate=0.05, low=-0.5, high=0.5),  # runs off the edge
    ForestPart(group="Host", name="host 7", seeds=3, estimate=0.07),
    ForestPart(group="Host", name="host 8", seeds=0, estimate=None),
    *(
        ForestPart(
            group="Design", name=f"width {2**n}, the rest <as> declared, a long name", seeds=n, estimate=at, high=0.1
        )
        for n, at in DESIGNS
    ),
)
VALUES = tuple(None if number % 17 == 5 else 0.06 + 0.01 * ((number * 7) % 11 - 5) for number in range(480))
NULL = {"null": 0.0, "smallest": 0.02}
RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
UNDECIDED = look(8, None, verdict=Verdict.UNDECIDED)
WORDS = (
    SweepPoint(x="sgd's", estimate=0.2, low=0.1, high=0.3),
    SweepPoint(x="adam", estimate=0.1),
    SweepPoint(x="none", estimate=None, seeds=0),
)
LEARNING = tuple(
    CurveSeries(
        name=f"{lr}, <adam>",
        repetitions=30 + number,
        places=tuple(range(1, 33 - number)),
        medians=tuple(1 - (1 - lr) ** (place / 3) for place in range(1, 33 - number)),
    )
    for number, lr in enumerate((0.01, 0.03, 0.1, 0.2, 0.4, 0.8))
)
ALONE = (CurveSeries(name="", repetitions=1, places=(1, 2), medians=(0.5, 0.25)),)
DATES = ("2026-03-02", "2026-03-03", "2026-03-08", "2026-05-27")
STRIP = {"title": "Every replicate", "y": "gap", **NULL}
LAST = {**STRIP, "look": LOOKS[-1]}
CREDIT = {"days": (20_514, 20_515, 20_520, 20_600), "totals": (10.0, 12.5, 11.0, 900.0)}
ACCURACY = {"x": "epoch", "y": "test_accuracy", "by": "lr, optimiser", "configs": 24}
SHARE = {"y": "share", "null": 0.5, "smallest": 0.1}
BY_DEPTH = tuple(
    SweepPoint(x=depth, series=lr, estimate=20 / (1 + depth * lr), low=20 / (1 + depth * lr) - 1, seeds=8)
    for lr in RATES
    for depth in range(1, 7)
)
REQUESTS = {
    request.name: request
    for request in (
        Sweep(
            name="sweep", title="How far", x="width", y="movement", log=("x", "y"), points=tuple(map(falling, WIDTHS))
        ),
        Sweep(name="series", title="Rank over depth", x="depth", y="effective_rank", by="lr", points=BY_DEPTH),
        Sweep(name="own", title="One task", x="depth", y="effective_rank", by="lr", points=BY_DEPTH, own=BY_DEPTH[:3]),
        Sweep(name="words", title='"Which" <optimiser> & why', x="optimizer", y="loss", points=WORDS),
        Sweep(name="one", title="One", x="width", y="loss", points=(SweepPoint(x=8, estimate=0.0),), log=("x", "y")),
        Narrowing(name="narrowing", title="As it narrowed", y="gap", looks=LOOKS, **NULL, predicted=(0.03, 0.12)),
        Narrowing(name="first-look", title="The first look", looks=(UNDECIDED,), **SHARE),
        Strip(name="strip", replicates=tuple(range(480)), values=VALUES, **LAST),
        Strip(name="long-strip", replicates=tuple(range(1_440)), values=VALUES * 3, look=LOOKS[0], **STRIP),
        Strip(name="older-strip", replicates=tuple(range(40)), values=VALUES[:40], older=tuple(range(24)), **LAST),
        Strip(name="own-strip", replicates=tuple(range(40)), values=VALUES[:40], own=(3, 7), **LAST),
        Curve(name="curve", title="accuracy by epoch", series=LEARNING, **ACCURACY),
        Curve(name="one-curve", title="loss by block", x="block", y="loss", series=ALONE),
        History(name="history", title="Credit by day", y="credit in all", dates=DATES, **CREDIT),
        Forest(name="forest", title="A & B", y="gap", parts=PARTS, look=LOOKS[-1], **NULL, expected=(-0.012, 0.122)),
        Forest(name="one-part", title="One platform", parts=PARTS[:1], look=UNDECIDED, **SHARE),
    )
}


@pytest.fixture(scope="session")
def requests():
    return REQUESTS


@pytest.fixture(params=REQUESTS)
def request_of_each_kind(request):
    return REQUESTS[request.param]
