"""Does the whole pipeline bring back a number that everybody knows?

Why it matters: before one trusts answers that nobody knows, the laboratory must bring back one that everybody knows.

This is the smoke test of the pipeline, from publication to results: three seconds of NumPy, and a truth known exactly.
Points are thrown evenly into a cube around the origin; the share that falls into the ball inside it is the ratio of
their volumes: pi/4 in two dimensions, pi/6 in three, pi^2/32 in four, pi^2/60 in five.

It concludes nothing: it declares no estimand, so there is no finding, and sessions plan no work for it. Whoever wants
to know whether a host works deploys it. If a share is anything else, the laboratory is at fault and not nature.

History: 1, two estimands about known numbers. 2, no estimands: the same measures, from other seeds.
"""

import math
from dataclasses import dataclass

import numpy as np

from axiom.domain.experiments import Experiment, Figure, Needs, grid
from axiom.kit import chance, progress

BLOCK = 100_000  # points thrown at once: they fit into a processor's cache


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    dimension: int
    points: int = 50_000_000  # thrown in whole blocks


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    share: float  # of the cube's points that lie in the ball
    share_by_block: tuple[float, ...]  # so far, at ten places at most


def run(config: Config, seed: int) -> Measures:
    """One cell: one dimension of one replicate."""
    rng = chance.stream(seed, "points")
    blocks = max(1, config.points // BLOCK)
    points = np.empty((config.dimension, min(BLOCK, config.points)))

    shares, inside = [], 0
    for done in range(1, blocks + 1):
        rng.random(out=points)
        points -= 0.5
        points *= points
        inside += int(np.count_nonzero(points.sum(axis=0) < 0.25))
        shares.append(inside / (done * points.shape[1]))
        if done == min(blocks, progress.LONGEST):
            progress.early(shares)
        progress.block(done / blocks)
    return Measures(share=shares[-1], share_by_block=tuple(shares[:: math.ceil(blocks / 10)]))


experiment = Experiment(
    name="test_deploy",
    version=2,
    question="Does the pipeline bring back a number that everybody knows?",
    reference="Archimedes, Measurement of a Circle",
    run=run,
    measures=Measures,
    sweep=grid(Config, dimension=[2, 3, 4, 5]),
    ranges={"dimension": (1, 12), "points": (1_000, 1_000_000_000)},
    estimands=(),  # nothing is concluded, so sessions leave it alone
    figure=Figure(x="dimension", y="share", title="How much of a cube its ball fills", percent="%"),
    setting="points thrown evenly into a cube",
    words={
        "share": "the share of points inside the ball",
    },
    needs=Needs(seconds=lambda config: 3.1e-9 * config.dimension * config.points, memory_mb=80),
)
